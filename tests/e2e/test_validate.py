#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`weir validate` as an operator meets it: the seed systems' own configurations, warnings, --strict, secrets."""
import os
import subprocess

import common

SEEDS = os.path.join(common.ROOT, "tests/data/seed-configs")
ENV = {
    "GRAPHISTRY_INSTANCE_NAME": "g", "OTEL_EXPORTER_JAEGER_ENDPOINT": "jaeger:4317", "MY_POD_IP": "127.0.0.1",
    "OTEL_COLLECTOR_OTLP_HTTP_ENDPOINT": "https://gateway.example/otlp",
    "OTEL_COLLECTOR_OTLP_USERNAME": "user4711", "OTEL_COLLECTOR_OTLP_PASSWORD": "password4711",
}
SAMPLED = """
receivers: {otlp: {protocols: {grpc: }}}
processors: {tail_sampling: {decision_wait: 10s, policies: [{name: all, type: always_sample}]}}
connectors: {span_metrics: }
exporters: {debug: , prometheus: {endpoint: "127.0.0.1:8889"}}
service:
  pipelines:
    traces: {receivers: [otlp], processors: [tail_sampling], exporters: [debug, EXPORTER]}
    metrics: {receivers: [span_metrics, otlp], exporters: [prometheus]}
"""


def validate(*args):
    return subprocess.run([common.WEIR, "validate", *args], capture_output=True, text=True, timeout=20, env={**os.environ, **ENV})


def check_seeds():
    for name in ("supersonic-merged.yaml", "graphistry-local.yaml", "graphistry-cloud.yaml"):
        done = validate("--config", os.path.join(SEEDS, name))
        assert done.returncode == 0, (name, done.stderr)
        assert "4711" not in done.stderr + done.stdout, done.stderr
        if name == "supersonic-merged.yaml":
            for unused in ("jaeger", "prometheus", "zipkin"):
                assert f'unknown type: "{unused}" for id: "{unused}"; nothing uses it' in done.stderr, done.stderr
    used = validate("--config", os.path.join(SEEDS, "supersonic-merged.yaml"), "--set", "service.pipelines.traces.receivers=[otlp, zipkin]")
    assert used.returncode == 1 and 'unknown type: "zipkin" for id: "zipkin" (valid values: [nop otlp])' in used.stderr, used.stderr


def check_strict(tmp):
    path = os.path.join(tmp, "sampled.yaml")
    with open(path, "w") as f:
        f.write(SAMPLED.replace("EXPORTER", "span_metrics"))
    warned = validate("--config", path)
    assert warned.returncode == 0 and "stands behind \"tail_sampling\"" in warned.stderr and f"{path}:8:" in warned.stderr, warned.stderr
    assert validate("--config", path, "--strict").returncode == 1
    default = validate("--strict", "--config", os.path.join(common.ROOT, "config/default.yaml"))
    assert default.returncode == 0, default.stderr
    assert validate("--strict", "--config", os.path.join(common.ROOT, "config/default.yaml"), "--feature-gates=a.b").returncode == 1


def check_authenticator(tmp):
    path = os.path.join(tmp, "auth.yaml")
    with open(os.path.join(SEEDS, "graphistry-cloud.yaml")) as f:
        text = f.read()
    with open(path, "w") as f:
        f.write(text.replace("authenticator: basicauth/otlp", "authenticator: basicauth/otl"))
    done = validate("--config", path)
    expected = 'exporters::otlphttp::auth::authenticator: failed to resolve authenticator "basicauth/otl": authenticator not found'
    assert done.returncode == 1 and expected in done.stderr, done.stderr


def main():
    with common.temporary() as tmp:
        check_seeds()
        check_strict(tmp)
        check_authenticator(tmp)
    print("validate: ok")


if __name__ == "__main__":
    main()
