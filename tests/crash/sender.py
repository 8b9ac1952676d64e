# SPDX-License-Identifier: Apache-2.0
"""A sender that knows exactly which requests were acknowledged: OTLP over gRPC and HTTP, several connections, no retries of its own."""
import http.client
import threading
import time

import items
from harness import grpc

ACKED, REFUSED, UNKNOWN = "acked", "refused", "unknown"
ALL_TAKEN = (b"", b"\n\0")  # without a partial_success, or with an empty one
CHANNEL = [("grpc.initial_reconnect_backoff_ms", 50), ("grpc.min_reconnect_backoff_ms", 50), ("grpc.max_reconnect_backoff_ms", 100),
           ("grpc.enable_retries", 0), ("grpc.max_send_message_length", -1), ("grpc.use_local_subchannel_pool", 1)]
HTTP_PATHS = {"traces": "/v1/traces", "metrics": "/v1/metrics", "logs": "/v1/logs"}


class Answer:
    """What came of one request. `refused` only where the server itself said so, in an orderly way."""

    def __init__(self, kind, code="", retry_after=None, message=""):
        self.kind, self.code, self.retry_after, self.message = kind, code, retry_after, message


def retry_info(error):
    """Seconds of the RetryInfo in grpc-status-details-bin; None where there is none."""
    from google.rpc import error_details_pb2, status_pb2
    for key, value in error.trailing_metadata() or ():
        if key == "grpc-status-details-bin":
            for detail in status_pb2.Status.FromString(value).details:
                info = error_details_pb2.RetryInfo()
                if detail.Unpack(info):
                    return info.retry_delay.seconds + info.retry_delay.nanos / 1e9
    return None


class GrpcLine:
    def __init__(self, port, signal, timeout):
        self.timeout = timeout
        self.channel = grpc.insecure_channel(f"127.0.0.1:{port}", options=CHANNEL)
        self.call = self.channel.unary_unary(items.PATHS[signal])

    def send(self, body):
        try:
            reply = self.call(body, timeout=self.timeout)
            return Answer(ACKED) if reply in ALL_TAKEN else Answer(REFUSED, "partial", message=repr(reply))
        except grpc.RpcError as e:
            # A server's own refusal has its headers or details; a lost connection is UNAVAILABLE, too, but made by the client.
            info = retry_info(e)
            own = info is not None or e.code() not in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED,
                                                       grpc.StatusCode.CANCELLED, grpc.StatusCode.UNKNOWN, grpc.StatusCode.INTERNAL)
            return Answer(REFUSED if own or not is_lost(e) else UNKNOWN, e.code().name, info, e.details() or "")


def is_lost(error):
    """Whether the client made this UNAVAILABLE itself, as the connection was not there or ended."""
    text = (error.details() or "").lower()
    return error.code() != grpc.StatusCode.UNAVAILABLE or any(
        sign in text for sign in ("connect", "socket", "goaway", "transport", "broken pipe", "reset", "endpoint", "eof", "channel"))


class HttpLine:
    def __init__(self, port, signal, timeout):
        self.port, self.path, self.timeout, self.connection = port, HTTP_PATHS[signal], timeout, None

    def send(self, body):
        try:
            if self.connection is None:
                self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=self.timeout)
            self.connection.request("POST", self.path, body, {"Content-Type": "application/x-protobuf"})
            reply = self.connection.getresponse()
            text = reply.read()
            if reply.status == 200:
                return Answer(ACKED) if text in ALL_TAKEN else Answer(REFUSED, "partial", message=repr(text))
            after = reply.getheader("Retry-After")
            return Answer(REFUSED, str(reply.status), float(after) if after else None, repr(text[:200]))
        except (OSError, http.client.HTTPException) as e:
            self.connection.close()
            self.connection = None
            return Answer(UNKNOWN, type(e).__name__, message=str(e))


class Sender:
    """Threads that send make(r, now) for r = first, first + 1, … at `rate` items a second (0: as fast as it goes)."""

    def __init__(self, make, grpc_port, http_port=None, signal="traces", rate=0, lines=6, timeout=15, first=1, resend=False, last=None,
                 rest=.02):
        self.make, self.rate, self.resend, self.rest = make, rate, resend, rest
        self.lock = threading.Lock()
        self.next_request, self.last, self.due = first, last, time.monotonic()
        self.acked, self.refused, self.unknown = {}, {}, {}  # request -> items
        self.answers = []   # (when, request, Answer) of all that were not acked
        self.ack_times = []  # (sent, acked, items)
        self.stop_now = threading.Event()
        makers = [(GrpcLine, grpc_port)] * (lines - lines // 3 if http_port else lines) + [(HttpLine, http_port)] * (lines // 3 if http_port else 0)
        self.threads = [threading.Thread(target=self._run, args=(kind(port, signal, timeout),), daemon=True) for kind, port in makers]

    def start(self):
        self.due = time.monotonic()
        for t in self.threads:
            t.start()
        return self

    def stop(self):
        self.stop_now.set()
        return self.join()

    def join(self):
        for t in self.threads:
            t.join()
        return self

    def items(self, which):
        return sum(which.values())

    def _take(self):
        """-> the next request's number, bytes and items, when it is due; None at the end."""
        with self.lock:
            if self.stop_now.is_set() or (self.last is not None and self.next_request > self.last):
                return None
            r = self.next_request
            self.next_request += 1
        body, count = self.make(r, time.time_ns())
        wait = 0
        if self.rate:
            with self.lock:
                now = time.monotonic()
                self.due = max(self.due, now - 2)  # what an outage kept back is made up for, within reason
                wait = self.due - now
                self.due += count / self.rate
        if wait > 0 and self.stop_now.wait(wait):
            return None
        return r, body, count

    def _run(self, line):
        while (work := self._take()) is not None:
            r, body, count = work
            while True:
                sent = time.monotonic()
                answer = line.send(body)
                self._note(r, count, sent, answer)
                if answer.kind == ACKED or not self.resend or self.stop_now.is_set():
                    break
                time.sleep(self.rest)
            if answer.kind != ACKED:
                time.sleep(self.rest)

    def _note(self, r, count, sent, answer):
        with self.lock:
            if answer.kind == ACKED:
                self.acked[r] = count
                self.ack_times.append((sent, time.monotonic(), count))
            else:
                (self.refused if answer.kind == REFUSED else self.unknown)[r] = count
                self.answers.append((time.monotonic(), r, answer))


def missing(acked, counts):
    """{request: items that never arrived} of acknowledged requests whose items are numbered from 0."""
    lost = {}
    for r, n in acked.items():
        row = counts.get(r, b"")
        gone = n - len(row[:n]) + row[:n].count(0)
        if gone:
            lost[r] = gone
    return lost


def duplicates(counts):
    return sum(c - 1 for row in counts.values() for c in row if c > 1)
