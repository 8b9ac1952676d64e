#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""SIGTERM: held traces are decided, connectors flush once more, what a dead backend leaves is counted and said; always inside the
deadline, with exit code 0. A second SIGTERM ends at once with 2."""
import http.client
import json
import os
import signal
import subprocess
import time

import common

TRACES = """
receivers: {{otlp: {{protocols: {{grpc: {{endpoint: "127.0.0.1:{grpc}"}}}}}}}}
processors:
  tail_sampling:
    decision_wait: 600s
    policies: [{{name: all, type: always_sample}}]
  batch: {{timeout: 60s}}
connectors: {{span_metrics: {{metrics_flush_interval: 600s}}}}
exporters:
  file: {{path: "{tmp}/traces.json"}}
  file/metrics: {{path: "{tmp}/metrics.json"}}
  otlp_grpc: {{endpoint: "127.0.0.1:{dead}", tls: {{insecure: true}}}}
service:
  shards: 2
  shutdown_timeout: 4s
  {telemetry}
  pipelines:
    traces: {{receivers: [otlp], processors: [tail_sampling, batch], exporters: [{exporters}]}}
    traces/measured: {{receivers: [otlp], exporters: [span_metrics]}}
    metrics: {{receivers: [span_metrics], exporters: [file/metrics]}}
"""
SPANS = 4096


def load(port):
    subprocess.run([os.path.join(common.BUILD, "bench/weir_load"), "--port", str(port), "--spans", str(SPANS)], check=True,
                   stdout=subprocess.DEVNULL)


def run(exporters, tmp):
    """Sends SPANS spans, stops weir while all are held; -> (its log, seconds to the end)."""
    grpc, own, dead = common.free_ports(3)
    config = TRACES.format(grpc=grpc, dead=dead, tmp=tmp, exporters=exporters, telemetry=common.own_telemetry(own))
    with common.weir(config, tmp, own) as p:
        load(grpc)
        book = common.accounts(own)["traces", exporters.split(",")[0]]
        assert book["held"] == SPANS, book
        start = time.monotonic()
        p.send_signal(signal.SIGTERM)
        assert p.wait(15) == 0
        seconds = time.monotonic() - start
    with open(os.path.join(tmp, "weir.log")) as f:
        return f.read(), seconds


def check_decided():
    with common.temporary() as tmp:
        log, seconds = run("file", tmp)
        assert seconds < 4.5 and "Shutdown complete" in log and "dropped" not in log, log
        spans = 0
        with open(os.path.join(tmp, "traces.json")) as f:
            for line in f:
                spans += sum(len(s["spans"]) for r in json.loads(line)["resourceSpans"] for s in r["scopeSpans"])
        assert spans == SPANS, spans
        calls = 0
        with open(os.path.join(tmp, "metrics.json")) as f:
            for line in f:
                for r in json.loads(line)["resourceMetrics"]:
                    for m in (m for s in r["scopeMetrics"] for m in s["metrics"] if m["name"] == "traces.span.metrics.duration"):
                        calls += sum(int(p.get("count", 0)) for p in m["histogram"]["dataPoints"])
        assert calls == SPANS, calls


def check_dead_backend():
    with common.temporary() as tmp:
        log, seconds = run("otlp_grpc", tmp)
        assert seconds < 4 + 1.5, seconds
        assert f'"dropped": "{SPANS}"' in log, log


def check_second_signal():
    with common.temporary() as tmp:
        grpc, own, dead = common.free_ports(3)
        config = TRACES.format(grpc=grpc, dead=dead, tmp=tmp, exporters="otlp_grpc", telemetry=common.own_telemetry(own))
        config = config.replace("shutdown_timeout: 4s", "shutdown_timeout: 60s")
        path = os.path.join(tmp, "weir.yaml")
        with open(path, "w") as f:
            f.write(config)
        with common.process(common.WEIR, "--config", path, expect=(2,)) as p:
            common.wait_until("weir is ready", lambda: common.http(f"http://127.0.0.1:{own}/readyz"))
            load(grpc)
            p.send_signal(signal.SIGTERM)
            common.wait_until("weir drains", lambda: not_ready(own))
            p.send_signal(signal.SIGTERM)
            assert p.wait(5) == 2


LATE = """
receivers: {{otlp: {{protocols: {{http: {{endpoint: "127.0.0.1:{http}"}}}}}}}}
exporters: {{file: {{path: "{tmp}/late.json"}}}}
service:
  {telemetry}
  pipelines: {{logs: {{receivers: [otlp], exporters: [file]}}}}
"""


def post_log(connection, text):
    record = {"resourceLogs": [{"scopeLogs": [{"logRecords": [{"body": {"stringValue": text}}]}]}]}
    connection.request("POST", "/v1/logs", json.dumps(record), {"Content-Type": "application/json"})
    reply = connection.getresponse()
    reply.read()
    return reply.status


def check_late_sender():
    """A sender that is connected still finds an open door 3 s after SIGTERM: a tritonserver takes so long to its last batch."""
    with common.temporary() as tmp:
        port, own = common.free_ports(2)
        config = LATE.format(http=port, tmp=tmp, telemetry=common.own_telemetry(own))
        with common.weir(config, tmp, own) as p:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
            assert post_log(connection, "early") == 200
            p.send_signal(signal.SIGTERM)
            try:
                code = p.wait(3)
                raise AssertionError(f"weir ended with {code} while a sender was connected")
            except subprocess.TimeoutExpired:
                pass
            assert post_log(connection, "late") == 200
            connection.close()
            assert p.wait(15) == 0
        with open(os.path.join(tmp, "late.json")) as f:
            text = f.read()
        assert "early" in text and "late" in text, text


def check_hangup():
    """SIGHUP, which makes a collector reload, must not end the process: what is held would be lost."""
    with common.temporary() as tmp:
        port, own = common.free_ports(2)
        with common.weir(LATE.format(http=port, tmp=tmp, telemetry=common.own_telemetry(own)), tmp, own) as p:
            p.send_signal(signal.SIGHUP)

            def told():
                with open(os.path.join(tmp, "weir.log")) as f:
                    return "SIGHUP is ignored" in f.read()

            common.wait_until("the log names the signal", told)
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
            assert post_log(connection, "after") == 200
            connection.close()
            p.send_signal(signal.SIGTERM)
            assert p.wait(15) == 0


def not_ready(own):
    try:
        common.http(f"http://127.0.0.1:{own}/readyz")
        return False
    except common.urllib.error.HTTPError as e:
        return e.code == 503 and b"draining" in e.read()


if __name__ == "__main__":
    check_decided()
    check_dead_backend()
    check_second_signal()
    check_late_sender()
    check_hangup()
    print("shutdown: SIGHUP ignored, a connected sender's last request taken, held traces decided, metrics flushed once more, a dead backend's spans counted, two signals end at once")
