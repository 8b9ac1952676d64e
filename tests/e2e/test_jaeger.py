#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Python SDK -> weir (tail sampling) -> a real Jaeger over OTLP/gRPC and OTLP/HTTP; the traces read back by Jaeger's API equal what was
sent. JAEGER_BIN names a Jaeger; otherwise one is built where Go is."""
import os
import shutil
import subprocess
import sys

import common
import sdk_spans

CONFIG = """
receivers: {{otlp: {{protocols: {{grpc: {{endpoint: "127.0.0.1:{grpc}"}}, http: {{endpoint: "127.0.0.1:{http}"}}}}}}}}
processors:
  tail_sampling:
    decision_wait: 2s
    policies: [{{name: errors, type: status_code, status_code: {{status_codes: [ERROR]}}}}]
exporters:
  otlp_grpc: {{endpoint: "127.0.0.1:{jaeger_grpc}", tls: {{insecure: true}}}}
  otlp_http: {{endpoint: "http://127.0.0.1:{jaeger_http}"}}
service:
  {telemetry}
  pipelines: {{traces: {{receivers: [otlp], processors: [tail_sampling], exporters: [{exporter}]}}}}
"""
JAEGER = """
service:
  extensions: [jaeger_storage, jaeger_query]
  pipelines: {{traces: {{receivers: [otlp], exporters: [jaeger_storage_exporter]}}}}
  telemetry: {{metrics: {{level: none}}}}
extensions:
  jaeger_query: {{storage: {{traces: memory}}, http: {{endpoint: "127.0.0.1:{query}"}}, grpc: {{endpoint: "127.0.0.1:{query_grpc}"}}}}
  jaeger_storage: {{backends: {{memory: {{memory: {{max_traces: 10000}}}}}}}}
receivers: {{otlp: {{protocols: {{grpc: {{endpoint: "127.0.0.1:{grpc}"}}, http: {{endpoint: "127.0.0.1:{http}"}}}}}}}}
exporters: {{jaeger_storage_exporter: {{trace_storage: memory}}}}
"""


def jaeger_binary():
    if os.environ.get("JAEGER_BIN"):
        return os.environ["JAEGER_BIN"]
    if not shutil.which("go"):
        print("SKIPPED: no JAEGER_BIN and no Go to build one")
        sys.exit(77)
    script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "get-jaeger")
    return subprocess.run([script], check=True, stdout=subprocess.PIPE, text=True).stdout.strip()


def read_back(query, trace_id):
    data = common.get_json(f"http://127.0.0.1:{query}/api/traces/{trace_id}")["data"]
    return data[0] if data and len(data[0]["spans"]) == 2 else None


def check_trace(trace, sent):
    services = {p["serviceName"] for p in trace["processes"].values()}
    assert services == {"frontend", "backend"}, services
    spans = {s["spanID"]: s for s in trace["spans"]}
    assert {k: s["operationName"] for k, s in spans.items()} == sent["spans"], (spans, sent)
    call, = [s for s in spans.values() if s["operationName"] == "call"]
    serve, = [s for s in spans.values() if s["operationName"] == "serve"]
    assert serve["references"][0]["spanID"] == call["spanID"]
    tags = {t["key"]: t["value"] for t in serve["tags"]}
    assert tags["http.method"] == "GET" and tags["ok"] is True and tags["span.kind"] == "server" and tags["error"] is True, tags
    assert serve["logs"][0]["fields"][0]["value"] == "working", serve["logs"]
    call_tags = {t["key"]: t["value"] for t in call["tags"]}
    assert call_tags["ratio"] == .5 and call_tags["tags"] == '["a","b"]', call_tags


def run(binary, exporter, transport):
    with common.temporary() as tmp:
        grpc, http, own, jaeger_grpc, jaeger_http, query, query_grpc = common.free_ports(7)
        path = os.path.join(tmp, "jaeger.yaml")
        with open(path, "w") as f:
            f.write(JAEGER.format(grpc=jaeger_grpc, http=jaeger_http, query=query, query_grpc=query_grpc))
        with common.process(binary, "--config", path, env={**os.environ, "OTEL_TRACES_SAMPLER": "always_off"}, expect=None,
                            log=os.path.join(tmp, "jaeger.log")):
            common.wait_until("Jaeger is ready", lambda: common.http(f"http://127.0.0.1:{query}/api/services"), 30)
            config = CONFIG.format(grpc=grpc, http=http, jaeger_grpc=jaeger_grpc, jaeger_http=jaeger_http, exporter=exporter,
                                   telemetry=common.own_telemetry(own))
            with common.weir(config, tmp, own):
                sent = sdk_spans.send(transport, grpc if transport == "grpc" else http, count=20, fail_every=2)
                kept = sent[::2]  # every second one has an error
                for each in kept:
                    check_trace(common.wait_until(f"trace {each['trace_id']} is in Jaeger", lambda: read_back(query, each["trace_id"])), each)
                book = common.wait_until("all is settled", lambda: (lambda b: b if b["held"] == 0 else None)(common.accounts(own)["traces", exporter]))
                assert book["exported"] == 20 and book["sampled_out"] == 20, book
    print(f"jaeger: {len(kept)} of {len(sent)} traces kept, sent by {transport}, exported by {exporter}, read back equal")


if __name__ == "__main__":
    jaeger = jaeger_binary()
    run(jaeger, "otlp_grpc", "grpc")
    run(jaeger, "otlp_http", "http")
