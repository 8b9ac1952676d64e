#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A million spans from 8 connections through every deterministic policy: the books balance exactly per destination, agree with what the
generator sent and the sinks got, and the kept set equals that of a slow, obvious evaluator; at 1 and at 3 shards.

  test_million.py [--spans N]
"""
import argparse
import json
import os
import subprocess

import common

CONFIG = """
receivers: {{otlp: {{protocols: {{grpc: {{endpoint: "127.0.0.1:{grpc}"}}}}}}}}
processors:
  tail_sampling:
    decision_wait: 4s
    num_traces: 2000000
    policies:
      - {{name: errors, type: status_code, status_code: {{status_codes: [ERROR]}}}}
      - {{name: slow, type: latency, latency: {{threshold_ms: 195}}}}
      - {{name: share, type: probabilistic, probabilistic: {{sampling_percentage: 3.5}}}}
      - {{name: number, type: numeric_attribute, numeric_attribute: {{key: thread.id, min_value: 140003, max_value: 140005}}}}
      - {{name: route, type: and, and: {{and_sub_policy: [
          {{name: r, type: string_attribute, string_attribute: {{key: http.route, values: ["/api/checkout"]}}}},
          {{name: l, type: latency, latency: {{threshold_ms: 100, upper_threshold_ms: 110}}}}]}}}}
  batch: {{}}
exporters:
  otlp_grpc: {{endpoint: "127.0.0.1:{sink}", compression: none, tls: {{insecure: true}}}}
  file: {{path: "{tmp}/kept.json", rotation: {{max_megabytes: 10000}}}}
service:
  shards: {shards}
  {telemetry}
  pipelines:
    traces: {{receivers: [otlp], processors: [tail_sampling, batch], exporters: [otlp_grpc, file]}}
"""
SALT = b"default-hash-seed"
MASK = (1 << 64) - 1


def fnv1a(data):
    h = 0xcbf29ce484222325
    for byte in data:
        h = ((h ^ byte) * 0x100000001b3) & MASK
    return h


PREFIX = fnv1a(SALT)


def probable(trace_id):
    h = PREFIX
    for byte in bytes.fromhex(trace_id):
        h = ((h ^ byte) * 0x100000001b3) & MASK
    return h <= int(3.5 / 100 * float(MASK))


def keeps(trace_id, spans):
    """The policies of CONFIG, read off the collector's documentation. All spans of a trace end at the same instant."""
    if any(error for _, _, error, _ in spans):
        return True
    longest = max(ms for _, ms, _, _ in spans)
    if longest > 195 or any(3 <= number <= 5 for _, _, _, number in spans):
        return True
    if spans[0][3] % 4 == 2 and 100 < longest <= 110:
        return True
    return probable(trace_id)


def read_facts(path):
    traces = {}
    with open(path) as f:
        for line in f:
            trace, span, ms, error, number, status = line.split()
            assert status == "0", f"a request was answered {status}"
            traces.setdefault(trace, []).append((span, int(ms), error == "1", int(number)))
    return traces


def spans_of_file(path):
    found = []
    with open(path) as f:
        for line in f:
            for resource in json.loads(line)["resourceSpans"]:
                for scope in resource["scopeSpans"]:
                    found += [(s["traceId"], s["spanId"]) for s in scope["spans"]]
    return found


def run(spans, shards):
    with common.temporary() as tmp:
        grpc, own, sink = common.free_ports(3)
        facts, ids = os.path.join(tmp, "facts"), os.path.join(tmp, "ids")
        config = CONFIG.format(grpc=grpc, sink=sink, tmp=tmp, shards=shards, telemetry=common.own_telemetry(own))
        with common.process(os.path.join(common.BUILD, "bench/weir_sink"), str(sink), ids):
            with common.weir(config, tmp, own):
                subprocess.run([os.path.join(common.BUILD, "bench/weir_load"), "--port", str(grpc), "--spans", str(spans), "--connections", "8",
                                "--facts", facts, "--errors", "0.02", "--seed", str(shards)], check=True)
                common.accounts(own)  # the identity holds while traces are still held
                books = common.wait_until("all is decided and delivered", lambda: (lambda b: b if all(x["held"] == 0 for x in b.values()) else None)(
                    common.accounts(own)), 60, .2)
        traces = read_facts(facts)
        expected = sorted((t, s[0]) for t, spans_ in traces.items() if keeps(t, spans_) for s in spans_)
        with open(ids) as f:
            delivered = sorted(tuple(line.split()) for line in f)
        in_file = sorted(spans_of_file(os.path.join(tmp, "kept.json")))
    sent = sum(map(len, traces.values()))
    assert delivered == expected, f"{len(delivered)} spans delivered, {len(expected)} expected"
    assert in_file == expected, f"{len(in_file)} spans in the file, {len(expected)} expected"
    for key, book in books.items():
        assert book["admitted"] == sent and book["exported"] == len(expected) and book["sampled_out"] == sent - len(expected), (key, book)
    print(f"million: {sent} spans at {shards} shard(s), {len(expected)} kept at both destinations, exactly those of the evaluator")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--spans", type=int, default=1_000_000)
    args = parser.parse_args()
    for count in (1, 3):
        run(args.spans, count)
