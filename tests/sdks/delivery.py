# SPDX-License-Identifier: Apache-2.0
"""Every SDK, plain and with gzip, through one weir that writes a file of JSON lines and forwards to a backend: both have every span."""
import os
import time
from concurrent import futures

import common
import losses
import spans
from backend import Backend
from languages import Case
from relay import Relay

CONFIG = """
receivers: {{otlp: {{protocols: {{grpc: {{endpoint: "127.0.0.1:{grpc}"}}, http: {{endpoint: "127.0.0.1:{http}"}}}}}}}}
exporters:
  otlp_grpc: {{endpoint: "127.0.0.1:{backend}", tls: {{insecure: true}}}}
  file: {{path: "{tmp}/spans.json", flush_interval: 100ms}}
service:
  {telemetry}
  pipelines: {{traces: {{receivers: [otlp], exporters: [otlp_grpc, file]}}}}
"""


def send(case, ports, count, tmp):
    """-> (truth, bytes sent, seconds)"""
    relay, start = Relay(ports["grpc" if case.protocol == "grpc" else "http"]), time.monotonic()
    program = case.start(relay.port, count, tmp)
    try:
        truth = spans.read_truth(program.finish())
    finally:
        program.kill()
        relay.stop()
    assert len(truth) == count, f"the SDK made {len(truth)} spans instead of {count}"
    return truth, relay.sent, time.monotonic() - start


def compare(case, truth, places, verdict):
    for place, found in places.items():
        wrong = spans.differences(losses.expected(case, truth), found.get(case.name, []))
        for text in wrong[:3]:
            verdict.expect(False, f"{case.name}, {place}: {text}")
        if len(wrong) > 3:
            verdict.expect(False, f"{case.name}, {place}: and {len(wrong) - 3} more differences")


def check_gzip(sent, verdict):
    for name, size in sent.items():
        if name.endswith("-gzip") and (plain := sent.get(name.removesuffix("-gzip"))):
            verdict.expect(size < plain / 2, f"{name} sent {size} bytes, without gzip {plain}: it does not compress")


def read_places(backend, path):
    with open(path, encoding="utf-8") as f:
        lines = f.readlines()
    return {"file": spans.by_service(spans.all_from_json(lines)), "backend": spans.by_service(backend.spans())}


def run_all(cases, ports, count, tmp, verdict):
    """-> ({name: truth}, {name: bytes})"""
    truths, sent = {}, {}
    with futures.ThreadPoolExecutor(4) as pool:
        running = {pool.submit(send, case, ports, count, tmp): case for case in cases}
        for done in futures.as_completed(running):
            name = running[done].name
            try:
                truths[name], sent[name], seconds = done.result()
                print(f"  {name}: {len(truths[name])} spans in {sent[name]} bytes, {seconds:.1f} s", flush=True)
            except Exception as e:  # one sender's failure is not the others'
                verdict.expect(False, f"{name}: {e}")
    return truths, sent


def run(languages, count, tmp, verdict):
    losses.check_all(languages, tmp, verdict)
    grpc_port, http_port, own = common.free_ports(3)
    backend = Backend()
    cases = [Case(language, protocol, gzip) for language in languages for protocol in language.protocols for gzip in (False, True)]
    config = CONFIG.format(grpc=grpc_port, http=http_port, backend=backend.port, tmp=tmp, telemetry=common.own_telemetry(own))
    with common.weir(config, tmp, own):
        truths, sent = run_all(cases, {"grpc": grpc_port, "http": http_port}, count, tmp, verdict)
        total = sum(len(truth) for truth in truths.values())
        common.wait_until("everything is delivered", lambda: all(b.get("exported") >= total for b in common.accounts(own).values()), 20)
    places = read_places(backend, os.path.join(tmp, "spans.json"))
    for case in cases:
        if case.name in truths:
            compare(case, truths[case.name], places, verdict)
    check_gzip(sent, verdict)
    backend.stop()
    verdict.figures.update(cases=len(cases), spans=total)
