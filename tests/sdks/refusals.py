# SPDX-License-Identifier: Apache-2.0
"""What a sender does while weir refuses: weir's memory is full, since its backend takes nothing, until the backend comes back."""
import contextlib
import itertools
import os
import threading
import time
import urllib.error

import common
import losses
import spans
from backend import Backend
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

CONFIG = """
receivers: {{otlp: {{protocols: {{grpc: {{endpoint: "127.0.0.1:{grpc}"}}, http: {{endpoint: "127.0.0.1:{http}"}}}}}}}}
exporters:
  otlp_grpc: {{endpoint: "127.0.0.1:{backend}", compression: none, tls: {{insecure: true}}, sending_queue: {{queue_size: 100000}},
    retry_on_failure: {{initial_interval: 50ms, max_interval: 200ms, max_elapsed_time: 0s}}}}
service:
  {telemetry}
  shards: 1
  memory_limit: 4MiB
  pipelines: {{traces: {{receivers: [otlp], exporters: [otlp_grpc]}}}}
"""
SPANS = 100
PATIENCE = 14  # seconds until a batch that did not come counts as lost; every sender's first retry is earlier
_serial = itertools.count(1)


def filler(size):
    request = ExportTraceServiceRequest()
    group = request.resource_spans.add()
    group.resource.attributes.add(key="service.name").value.string_value = "filler"
    span = group.scope_spans.add().spans.add(name="x" * size, trace_id=os.urandom(16), start_time_unix_nano=1, end_time_unix_nano=2)
    span.span_id = next(_serial).to_bytes(8, "big")
    return request.SerializeToString()


class Refusing:
    """A weir that has no room left, and says at what times it refused."""

    def __init__(self, case, tmp):
        self.case, self.backend, self.attempts, self.ended = case, Backend(paused=True), [], threading.Event()
        grpc_port, http_port, self.own = common.free_ports(3)
        self.http, self.port = http_port, grpc_port if case.protocol == "grpc" else http_port
        config = CONFIG.format(grpc=grpc_port, http=http_port, backend=self.backend.port, telemetry=common.own_telemetry(self.own))
        self.weir = common.weir(config, tmp, self.own, name="weir-" + case.name)

    def __enter__(self):
        self.weir.__enter__()
        for size in (256 << 10, 32 << 10, 4 << 10, 512, 64):
            self._fill(size)
        self.seen = self._refused()
        self.watch = threading.Thread(target=self._watch, daemon=True)
        self.watch.start()
        return self

    def __exit__(self, *failure):
        self.accept()
        self.ended.set()
        self.watch.join()
        try:
            return self.weir.__exit__(*failure)
        finally:
            self.backend.stop()

    def _fill(self, size):
        for _ in range(10000):
            try:
                common.http(f"http://127.0.0.1:{self.http}/v1/traces", filler(size), {"Content-Type": "application/x-protobuf"})
            except urllib.error.HTTPError as e:
                assert e.code == 503 and e.headers["Retry-After"], f"refused with {e.code} {e.headers}"
                return
        raise AssertionError("weir's memory does not fill")

    def _refused(self):
        return sum(v for name, _, v in common.samples(f"http://127.0.0.1:{self.own}/metrics") if name == "weir_memory_refused_total")

    def _watch(self):
        while not self.ended.wait(.03):
            if (now := self._refused()) > self.seen:
                self.attempts.append(time.monotonic())
                self.seen = now

    def accept(self):
        self.backend.paused.clear()

    def arrivals(self):
        """[(when, [span])] of what the sender sent."""
        found = [(when, list(spans.all_from_proto([request]))) for when, request in self.backend.requests()]
        return [(when, own) for when, every in found if (own := spans.by_service(every).get(self.case.name))]

    def arrived(self):
        return sum(len(own) for _, own in self.arrivals())


def wait_for(check, seconds):
    try:
        return common.wait_until("", check, seconds)
    except AssertionError:
        return None


@contextlib.contextmanager
def refused(case, tmp, stay, **env):
    """The sender, refused for the first time, and what refuses it."""
    with Refusing(case, tmp) as weir:
        program = case.start(weir.port, SPANS, tmp, stay, **env)
        try:
            common.wait_until(f"{case.name} is refused", lambda: weir.attempts, 30, .01)
            yield weir, program
        finally:
            program.kill()


def refused_once(case, tmp):
    """Accepts again after the first refusal. -> {"resent", "after" (s), "lost" (spans), "wrong": texts}"""
    with refused(case, tmp, True, OTEL_BSP_SCHEDULE_DELAY="1000") as (weir, program):
        weir.accept()
        wait_for(lambda: weir.arrived() >= SPANS, PATIENCE)
        arrivals, first = weir.arrivals(), weir.attempts[0]
        truth = losses.expected(case, spans.read_truth(program.finish()))
        wrong = spans.differences(truth, [span for _, own in weir.arrivals() for span in own]) if arrivals else []
    came = sum(len(own) for _, own in arrivals)
    return {"resent": bool(arrivals), "after": round(arrivals[0][0] - first, 1) if arrivals else None, "lost": SPANS - came, "wrong": wrong}


def refused_long(case, tmp, seconds, **env):
    """Refuses all the time. -> {"at": the times of the attempts after the first one, "lost" (spans)}"""
    with refused(case, tmp, True, OTEL_BSP_SCHEDULE_DELAY="1000", **env) as (weir, program):
        time.sleep(max(0, weir.attempts[0] + seconds - time.monotonic()))
        at = [round(t - weir.attempts[0], 1) for t in weir.attempts]
        weir.accept()
        wait_for(lambda: weir.arrived() >= SPANS, PATIENCE)
        came = weir.arrived()
        program.finish()
    return {"at": at, "lost": SPANS - came}


def refused_at_stop(case, tmp, seconds=90):
    """The program ends while weir refuses. -> {"held": seconds that its end took, "at": times of its attempts}"""
    with refused(case, tmp, False, OTEL_BSP_SCHEDULE_DELAY="60000") as (weir, program):
        common.wait_until(f"{case.name} ends", lambda: not program.running(), seconds)
        held, at = time.monotonic() - weir.attempts[0], [round(t - weir.attempts[0], 1) for t in weir.attempts]
    return {"held": round(held, 1), "at": at}
