#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measures weir beside nginx grpc_pass: CPU a span, memory of held spans, idle memory, time to the first accept. Both run pinned to one
core, interleaved, and what counts is the median ratio of pairs: these figures mean something only as ratios taken in one run.

  bench/run.py [--rounds 5] [--spans 1000000] [--only pass,job,held,idle,journal,ack,drain,spill,replay] [--json FILE]
"""
import argparse
import contextlib
import json
import os
import random
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BUILD = os.environ.get("WEIR_BUILD", os.path.join(ROOT, "build/release"))
TICK = os.sysconf("SC_CLK_TCK")
WIRE_BYTES = 364  # of one span of weir_load --shape pairs, its share of headers included


def free_ports(count):
    """Below the range that outgoing connections take theirs from: they stay free until something listens on them."""
    found = set()
    while len(found) < count:
        port = random.randrange(12000, 32000)
        with socket.socket() as s:
            if s.connect_ex(("127.0.0.1", port)) != 0:
                found.add(port)
    return list(found)


def wait_port(port, process, limit=10):
    deadline = time.monotonic() + limit
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise SystemExit(f"a process ended with {process.returncode} before it listened on {port}")
        with socket.socket() as s:
            if s.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(.002)
    raise SystemExit(f"nothing listens on {port}")


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat") as f:
        fields = f.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def wait_quiet(pid, limit=60):
    """Until the process does next to nothing for half a second."""
    deadline = time.monotonic() + limit
    while time.monotonic() < deadline:
        before = cpu_seconds(pid)
        time.sleep(.5)
        if cpu_seconds(pid) - before <= .02:
            return
    raise SystemExit("the process under test never became quiet")


def memory(pid, key):
    with open(f"/proc/{pid}/status") as f:
        for line in f:
            if line.startswith(key + ":"):
                return int(line.split()[1]) * 1024
    return 0


@contextlib.contextmanager
def process(*argv, port=None, core=None, **kwargs):
    argv = (["taskset", "-c", str(core)] if core is not None else []) + list(argv)
    p = subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=kwargs.pop("stderr", subprocess.DEVNULL), **kwargs)
    try:
        if port:
            wait_port(port, p)
        yield p
    finally:
        p.send_signal(signal.SIGTERM)
        try:
            p.wait(15)
        except subprocess.TimeoutExpired:
            p.kill()


def load(port, spans, *more, refusals=False):
    out = subprocess.run([os.path.join(BUILD, "bench/weir_load"), "--port", str(port), "--spans", str(spans), *map(str, more)],
                         capture_output=True, text=True)
    if out.returncode != 0 and not (refusals and out.stdout):
        raise SystemExit(f"weir_load failed: {out.stdout}{out.stderr}")
    return json.loads(out.stdout)


NGINX = """daemon off; master_process off; pid {tmp}/nginx.pid; error_log /dev/null crit;
events {{ worker_connections 1024; }}
http {{
  access_log off; client_max_body_size 64m; client_body_buffer_size 1m; keepalive_requests 1000000;
  client_body_temp_path {tmp}; proxy_temp_path {tmp}; fastcgi_temp_path {tmp}; uwsgi_temp_path {tmp}; scgi_temp_path {tmp};
  upstream sink {{ server 127.0.0.1:{sink}; keepalive 64; keepalive_requests 1000000; }}
  server {{ listen 127.0.0.1:{port} http2; location / {{ grpc_pass grpc://sink; grpc_buffer_size 64k; }} }}
  server {{ listen 127.0.0.1:{aux}; location / {{ return 204; }} }}
}}
"""

PASS = """receivers: {{otlp: {{protocols: {{grpc: {{endpoint: "127.0.0.1:{port}"}}}}}}}}
exporters: {{otlp_grpc: {{endpoint: "127.0.0.1:{sink}", compression: none, tls: {{insecure: true}}}}}}
service:
  shards: 1
  telemetry: {{metrics: {{level: none}}, logs: {{level: error}}}}
  pipelines: {{traces: {{receivers: [otlp], exporters: [otlp_grpc]}}}}
"""

JOB = """receivers: {{otlp: {{protocols: {{grpc: {{endpoint: "127.0.0.1:{port}"}}}}}}}}
processors:
  tail_sampling:
    decision_wait: 2s
    policies:
      - {{name: errors, type: status_code, status_code: {{status_codes: [ERROR]}}}}
      - {{name: share, type: probabilistic, probabilistic: {{sampling_percentage: 10}}}}
  batch: {{}}
connectors: {{service_graph: {{metrics_flush_interval: 5s}}, span_metrics: {{metrics_flush_interval: 5s, dimensions: [{{name: http.route}}]}}}}
exporters:
  otlp_grpc: {{endpoint: "127.0.0.1:{sink}", compression: none, tls: {{insecure: true}}}}
  prometheus_remote_write: {{endpoint: "http://127.0.0.1:{aux}/api/v1/write"}}
service:
  shards: 1
  telemetry: {{metrics: {{level: none}}, logs: {{level: error}}}}
  pipelines:
    traces/measured: {{receivers: [otlp], exporters: [service_graph, span_metrics]}}
    traces/kept: {{receivers: [otlp], processors: [tail_sampling, batch], exporters: [otlp_grpc]}}
    metrics: {{receivers: [service_graph, span_metrics], exporters: [prometheus_remote_write]}}
"""

HOLD = """receivers: {{otlp: {{protocols: {{grpc: {{endpoint: "127.0.0.1:{port}"}}}}}}}}
processors:
  tail_sampling:
    decision_wait: 600s
    num_traces: 10000000
    policies: [{{name: errors, type: status_code, status_code: {{status_codes: [ERROR]}}}},
      {{name: share, type: probabilistic, probabilistic: {{sampling_percentage: 10}}}}]
    drop_pending_traces_on_shutdown: true
exporters: {{debug: {{}}}}
service:
  shards: 1
  telemetry: {{metrics: {{level: none}}, logs: {{level: error}}}}
  pipelines: {{traces: {{receivers: [otlp], processors: [tail_sampling], exporters: [debug]}}}}
"""


def with_files(text, tmp, name, **values):
    path = os.path.join(tmp, name)
    with open(path, "w") as f:
        f.write(text.format(tmp=tmp, **values))
    return path


def measure(kind, config, tmp, args, *load_options):
    """ns of CPU a span of the process under test, and its peak RSS."""
    port, sink, aux, spare = free_ports(4)
    with contextlib.ExitStack() as stack:
        stack.enter_context(process(os.path.join(BUILD, "bench/weir_sink"), str(sink), port=sink, core=args.peer_core))
        helper = with_files(NGINX, tmp, "aux.conf", port=spare, sink=sink, aux=aux)
        stack.enter_context(process("nginx", "-c", helper, port=aux, core=args.peer_core))
        if kind == "nginx":
            argv = ["nginx", "-c", with_files(NGINX, tmp, "nginx.conf", port=port, sink=sink, aux=free_ports(1)[0])]
        else:
            argv = [os.path.join(BUILD, "weir"), "--config", with_files(config, tmp, "weir.yaml", port=port, sink=sink, aux=aux)]
        p = stack.enter_context(process(*argv, port=port, core=args.core))
        load(port, args.spans if "--rate" not in load_options else args.spans // 5, *load_options)  # warm
        wait_quiet(p.pid)
        before = cpu_seconds(p.pid)
        result = load(port, args.spans, *load_options)
        wait_quiet(p.pid)  # what was acknowledged and is still queued costs, too
        return (cpu_seconds(p.pid) - before) / result["spans"] * 1e9, memory(p.pid, "VmHWM")


def compare(name, config, args, *load_options):
    pairs = []
    with tempfile.TemporaryDirectory() as tmp:
        for _ in range(args.rounds):
            nginx, _ = measure("nginx", None, tmp, args, *load_options)
            weir, rss = measure("weir", config, tmp, args, *load_options)
            pairs.append((nginx, weir, rss))
            print(f"  {name}: nginx {nginx:.0f} ns, weir {weir:.0f} ns, ratio {weir / nginx:.2f}", file=sys.stderr)
    return {"nginx_ns_per_span": statistics.median(p[0] for p in pairs), "weir_ns_per_span": statistics.median(p[1] for p in pairs),
            "ratio": statistics.median(p[1] / p[0] for p in pairs), "weir_peak_rss_mb": statistics.median(p[2] for p in pairs) / 1e6,
            "rounds": len(pairs)}


def held(args):
    results = {}
    with tempfile.TemporaryDirectory() as tmp:
        for spans in (200_000, 1_000_000):
            port, = free_ports(1)
            config = with_files(HOLD, tmp, "weir.yaml", port=port, sink=1)
            with process(os.path.join(BUILD, "weir"), "--config", config, port=port, core=args.core) as p:
                idle = memory(p.pid, "VmRSS")
                sent = load(port, spans)["spans"]
                per_span = (memory(p.pid, "VmRSS") - idle) / sent
            results[f"{spans}_spans"] = {"bytes_per_span": per_span, "ratio_to_wire_bytes": per_span / WIRE_BYTES}
    return results


def idle(args):
    starts, rss = [], []
    with tempfile.TemporaryDirectory() as tmp:
        for _ in range(args.rounds * 2):
            port, sink = free_ports(2)
            config = with_files(PASS, tmp, "weir.yaml", port=port, sink=sink)
            t0 = time.monotonic()
            with process(os.path.join(BUILD, "weir"), "--config", config, port=port) as p:
                starts.append((time.monotonic() - t0) * 1000)
                time.sleep(1)
                rss.append(memory(p.pid, "VmRSS") / 1e6)
    return {"start_to_accept_ms": statistics.median(starts), "idle_rss_mb": statistics.median(rss)}


def main():
    import journal_runs  # which uses what is above
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--spans", type=int, default=1_000_000)
    parser.add_argument("--only", default="pass,job,held,idle,journal,ack,drain,spill,replay")
    parser.add_argument("--core", type=int, default=0, help="core of the process under test")
    parser.add_argument("--peer-core", type=int, default=1, help="core of the sink")
    parser.add_argument("--json")
    args = parser.parse_args()
    only, results = args.only.split(","), {}
    if "pass" in only:
        results["pass_through_512"] = compare("pass-through, 512 spans a request", PASS, args)
    if "small" in only:
        results["pass_through_5"] = compare("pass-through, 4 spans a request", PASS, args, "--spans-per-request", 4)
    if "job" in only:
        results["whole_job"] = compare("whole job, 40,000 spans/s", JOB, args, "--rate", 40000)
    if "jobmax" in only:
        results["whole_job_full_speed"] = compare("whole job, full speed", JOB, args)
    if "held" in only:
        results["held"] = held(args)
    if "idle" in only:
        results["idle"] = idle(args)
    if wanted := [mode for mode in only if mode in journal_runs.MODES]:
        results.update({mode: journal_runs.MODES[mode](args) for mode in wanted})
    text = json.dumps(results, indent=2)
    print(text)
    if args.json:
        with open(args.json, "w") as f:
            f.write(text + "\n")


if __name__ == "__main__":
    sys.modules["run"] = sys.modules["__main__"]
    main()
