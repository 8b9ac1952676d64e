# SPDX-License-Identifier: Apache-2.0
"""sink.py GRPC_PORT HTTP_PORT: a backend that outlives what it serves. Counts every item by its number and checks its bytes (items.py).
Takes one command a line on stdin and answers each with one line of JSON on stdout:

  stats | pause (answer UNAVAILABLE) | resume | forget | dump FILE (a pickle, see Record.everything)
"""
import array
import http.server
import json
import os
import pickle
import sys
import threading
import time
from concurrent import futures

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import items  # noqa: E402
from harness import grpc  # noqa: E402


def read_varint(data, at):
    value, shift = 0, 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7f) << shift
        if byte < 0x80:
            return value, at
        shift += 7


def fields(data):
    """[(field, bytes)] of the length-delimited fields of a message; others raise: the outer messages have none."""
    at, end, found = 0, len(data), []
    while at < end:
        tag, at = read_varint(data, at)
        if tag & 7 != 2:
            raise ValueError("not length-delimited")
        size, at = read_varint(data, at)
        found.append((tag >> 3, data[at:at + size]))
        at += size
    return found


class Record:
    def __init__(self):
        self.lock = threading.Lock()
        self.forget()

    def forget(self):
        self.counts = {}    # request -> bytearray: how often each of its items came
        self.first = {}     # request -> when its first item came
        self.arrivals = array.array("d")  # pairs: when, how many items
        self.bad, self.samples = 0, []
        self.total = self.distinct = self.requests = self.bytes = 0

    def take(self, body):
        now = time.monotonic()
        found = []
        for _, resource_group in fields(body):
            parts = fields(resource_group)
            resource = b"".join(v for f, v in parts if f == 1)
            for _, scoped in (p for p in parts if p[0] == 2):
                inner = fields(scoped)
                context = items.zlib.crc32(b"".join(v for f, v in inner if f == 1), items.zlib.crc32(resource))
                found += [(*items.check(v, context), v) for f, v in inner if f == 2]
        with self.lock:
            self.bytes += len(body)
            self._note(found, now)

    def _note(self, found, now):
        self.requests += 1
        self.total += len(found)
        self.arrivals.extend((now, float(len(found))))
        for who, sound, item in found:
            if not sound:
                self.bad += 1
                if len(self.samples) < 10:
                    self.samples.append((who, bytes(item)))
            if who is None:
                continue
            request, place = divmod(who, items.PARTS)
            row = self.counts.get(request)
            if row is None:
                row = self.counts[request] = bytearray()
                self.first[request] = now
            if place >= len(row):
                row.extend(bytes(place + 1 - len(row)))
            if row[place] == 0:
                self.distinct += 1
            row[place] = min(row[place] + 1, 255)

    def stats(self):
        with self.lock:
            return {"total": self.total, "distinct": self.distinct, "requests": self.requests, "bytes": self.bytes, "bad": self.bad}

    def everything(self):
        with self.lock:
            return {**{k: getattr(self, k) for k in ("counts", "first", "total", "distinct", "bad", "samples", "requests")},
                    "arrivals": list(zip(self.arrivals[::2], self.arrivals[1::2]))}


class Sink:
    def __init__(self, grpc_port, http_port):
        self.record, self.paused = Record(), threading.Event()
        self.serve_grpc(grpc_port)
        self.serve_http(http_port)

    def on_call(self, body, context):
        if self.paused.is_set():
            context.abort(grpc.StatusCode.UNAVAILABLE, "paused")
        self.record.take(body)
        return b""

    def serve_grpc(self, port):
        handler = grpc.unary_unary_rpc_method_handler(self.on_call)
        generic = [grpc.method_handlers_generic_handler(path.split("/")[1], {"Export": handler}) for path in items.PATHS.values()]
        self.server = grpc.server(futures.ThreadPoolExecutor(16), handlers=generic,
                                  options=[("grpc.max_receive_message_length", -1), ("grpc.so_reuseport", 0)])
        self.server.add_insecure_port(f"127.0.0.1:{port}")
        self.server.start()

    def serve_http(self, port):
        sink = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if not sink.paused.is_set():
                    sink.record.take(body)
                self.send_response(503 if sink.paused.is_set() else 200)
                self.send_header("Content-Type", "application/x-protobuf")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        http.server.ThreadingHTTPServer.request_queue_size = 64
        server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()

    def command(self, words):
        if words[0] in ("pause", "resume"):
            (self.paused.set if words[0] == "pause" else self.paused.clear)()
        elif words[0] == "forget":
            with self.record.lock:
                self.record.forget()
        elif words[0] == "dump":
            with open(words[1], "wb") as f:
                pickle.dump(self.record.everything(), f)
        return self.record.stats()


def main():
    sink = Sink(int(sys.argv[1]), int(sys.argv[2]))
    print(json.dumps({"ready": True}), flush=True)
    for line in sys.stdin:
        print(json.dumps(sink.command(line.split())), flush=True)
    os._exit(0)


if __name__ == "__main__":
    main()
