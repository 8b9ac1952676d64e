#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The start as an operator sees it: commands, a busy port, mistakes, readiness, health."""
import os
import re
import socket
import subprocess
import urllib.error

import common

CONFIG = """
receivers: {{otlp: {{protocols: {{grpc: {{endpoint: "127.0.0.1:{grpc}"}}, http: {{endpoint: "127.0.0.1:{http}"}}}}}}}}
exporters: {{debug: }}
extensions: {{health_check: {{endpoint: "127.0.0.1:{health}", path: /healthy}}}}
service:
  extensions: [health_check]
  {telemetry}
  pipelines: {{traces: {{receivers: [otlp], exporters: [debug]}}}}
"""


def weir(*args, env=None):
    return subprocess.run([common.WEIR, *args], capture_output=True, text=True, timeout=20, env={**os.environ, **(env or {})})


def check_commands():
    assert re.fullmatch(r"weir version \d+\.\d+\.\d+\n", weir("--version").stdout)
    assert "tail_sampling" in weir("components").stdout and "  - name: otlp_http\n" in weir("components").stdout
    assert "--config" in weir("--help").stdout
    default = os.path.join(common.ROOT, "config/default.yaml")
    good = weir("validate", "--config", default)
    assert (good.returncode, good.stdout, good.stderr) == (0, "", ""), good
    bad = weir("validate", "--config", default, "--set", "processors.batch.timout=1s")
    assert bad.returncode == 1 and 'did you mean "timeout"' in bad.stderr, bad
    subprocess.run(["promtool", "check", "rules", os.path.join(common.ROOT, "config/weir.rules.yaml")], check=True, stdout=subprocess.DEVNULL)
    assert weir("--config", "/nonexistent.yaml").returncode == 1
    assert weir("--config", default, "--feature-gates=some.gate,-other.gate", "validate").returncode == 0


def check_busy_port(tmp):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        grpc, health, own = common.free_ports(3)
        path = os.path.join(tmp, "busy.yaml")
        with open(path, "w") as f:
            f.write(CONFIG.format(grpc=grpc, http=port, health=health, telemetry=common.own_telemetry(own)))
        refused = weir("--config", path)
    assert refused.returncode == 1, refused
    for part in (str(port), f"pid {os.getpid()}", "receivers::otlp::protocols::http::endpoint"):
        assert part in refused.stderr, (part, refused.stderr)


def check_health(tmp):
    grpc, http, health, own = common.free_ports(4)
    with common.weir(CONFIG.format(grpc=grpc, http=http, health=health, telemetry=common.own_telemetry(own)), tmp, own):
        assert b"Server available" in common.http(f"http://127.0.0.1:{health}/healthy")
        assert common.http(f"http://127.0.0.1:{health}/readyz") and common.http(f"http://127.0.0.1:{own}/livez") == b"ok\n"
        names = {name for name, _, _ in common.samples(f"http://127.0.0.1:{own}/metrics")}
        for name in ("weir_build_info", "weir_spans_admitted_total", "weir_spans_held", "otelcol_process_uptime", "target_info"):
            assert name in names, (name, sorted(names))
        try:
            common.http(f"http://127.0.0.1:{http}/v1/metrics", b"", {"Content-Type": "application/x-protobuf"})
            raise AssertionError("a signal without a pipeline was taken")
        except urllib.error.HTTPError as e:
            assert e.code == 404, e.code


def main():
    with common.temporary() as tmp:
        check_commands()
        check_busy_port(tmp)
        check_health(tmp)
    print("start: commands, a busy port named with its process and key, readiness and health")


if __name__ == "__main__":
    main()
