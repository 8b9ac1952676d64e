#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Real SDK exporters and curl -> weir over TLS: plain, with client certificates, with passwords, with certificates that change on disk."""
import logging
import os
import subprocess
import time

import common

os.environ["GRPC_VERBOSITY"] = "NONE"  # before gRPC is loaded; it writes about every handshake that fails
import grpc
from certificates import Authority, install
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter as GrpcExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter as HttpExporter
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExportResult
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

CONFIG = """
extensions:
  basicauth/in: {{htpasswd: {{inline: "{htpasswd}"}}}}
receivers:
  otlp:
    protocols:
      grpc: {{endpoint: "127.0.0.1:{grpc}", tls: {{cert_file: {cert}, key_file: {key}, reload_interval: 1s}}}}
      http: {{endpoint: "127.0.0.1:{http}", tls: {{cert_file: {cert}, key_file: {key}, reload_interval: 1s}}}}
  otlp/mutual:
    protocols:
      grpc: {{endpoint: "127.0.0.1:{mutual_grpc}", tls: {{cert_file: {cert}, key_file: {key}, client_ca_file: {client_ca}}}}}
      http: {{endpoint: "127.0.0.1:{mutual_http}", tls: {{cert_file: {cert}, key_file: {key}, client_ca_file: {client_ca}}}}}
  otlp/password:
    protocols:
      grpc: {{endpoint: "127.0.0.1:{password_grpc}", tls: {{cert_file: {cert}, key_file: {key}}}, auth: {{authenticator: basicauth/in}}}}
      http: {{endpoint: "127.0.0.1:{password_http}", tls: {{cert_file: {cert}, key_file: {key}}}, auth: {{authenticator: basicauth/in}}}}
exporters: {{file: {{path: "{out}", flush_interval: 100ms}}}}
service:
  extensions: [basicauth/in]
  {telemetry}
  pipelines: {{traces: {{receivers: [otlp, otlp/mutual, otlp/password], exporters: [file]}}}}
"""
PORTS = ["grpc", "http", "mutual_grpc", "mutual_http", "password_grpc", "password_http", "own"]


def spans(count):
    kept = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(kept))
    for i in range(count):
        provider.get_tracer("weir.e2e").start_span(f"span {i}").end()
    return kept.get_finished_spans()


class World:
    """weir with its listeners, the authorities, and what has been sent and accepted."""

    def __init__(self, tmp):
        self.tmp, self.accepted = tmp, set()
        self.ours, self.others = Authority(tmp, "ours"), Authority(tmp, "others")
        self.own = os.path.join(tmp, "server.pem"), os.path.join(tmp, "server.key")
        install(self.ours.issue("server"), self.own)
        self.port = dict(zip(PORTS, common.free_ports(len(PORTS))))
        self.out = os.path.join(tmp, "out.json")
        htpasswd = subprocess.run(["openssl", "passwd", "-apr1", "s3cret"], check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
        self.config = CONFIG.format(cert=self.own[0], key=self.own[1], client_ca=self.ours.ca, out=self.out, htpasswd="ann:" + htpasswd,
                                    telemetry=common.own_telemetry(self.port["own"]), **self.port)

    def exporter(self, listener, ca, pair=(None, None), headers=None):
        port = self.port[listener]
        if listener.endswith("http"):
            return HttpExporter(endpoint=f"https://localhost:{port}/v1/traces", certificate_file=ca, client_certificate_file=pair[0],
                                client_key_file=pair[1], headers=headers, timeout=3)
        data = [open(path, "rb").read() if path else None for path in (ca, pair[1], pair[0])]
        return GrpcExporter(endpoint=f"https://localhost:{port}", credentials=grpc.ssl_channel_credentials(*data), headers=headers, timeout=3)

    def export(self, exporter, count=10):
        """True where the exporter says that all went out."""
        batch = spans(count)
        ok = exporter.export(batch) == SpanExportResult.SUCCESS
        if ok:
            self.accepted |= {f"{s.context.trace_id:032x}" for s in batch}
        return ok

    def sends(self, *args, **kwargs):
        exporter = self.exporter(*args, **kwargs)
        try:
            return self.export(exporter)
        finally:
            exporter.shutdown()

    def written(self):
        with open(self.out) as f:
            text = f.read()
        return all(trace_id in text for trace_id in self.accepted)

    def log(self):
        with open(os.path.join(self.tmp, "weir.log"), errors="replace") as f:
            return f.read()


def curl(world, *args, scheme="https"):
    """(exit code, "HTTP version/status") of a POST of {} to the http listener."""
    done = subprocess.run(["curl", "-sS", "-o", "/dev/null", "-w", "%{http_version}/%{http_code}", "--cacert", world.ours.ca, "-d", "{}", "-H",
                           "Content-Type: application/json", *args, f"{scheme}://localhost:{world.port['http']}/v1/traces"],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=20)
    return done.returncode, done.stdout


def check_plain_tls(world):
    for listener in ("grpc", "http"):
        assert world.sends(listener, world.ours.ca), listener
        assert not world.sends(listener, world.others.ca), f"{listener}: the wrong authority must not do"
    common.wait_until("the log names failed handshakes", lambda: "TLS handshake failed" in world.log())
    assert "PRIVATE KEY" not in world.log()
    assert curl(world, "--http2") == (0, "2/200"), curl(world, "--http2")  # h2 by ALPN
    assert curl(world, "--http1.1") == (0, "1.1/200")
    assert curl(world, "--no-alpn") == (0, "1.1/200")
    assert curl(world, "--tls-max", "1.2") == (0, "2/200")
    assert curl(world, "--tls-max", "1.1", "--ciphers", "DEFAULT@SECLEVEL=0")[0] != 0  # the default is 1.2
    assert curl(world, scheme="http")[1] != "1.1/200"
    print("tls: gRPC and HTTPS from the SDK, h2 by ALPN, wrong authority, old TLS and plaintext refused")


def check_client_certificates(world):
    for listener in ("mutual_grpc", "mutual_http"):
        assert world.sends(listener, world.ours.ca, world.ours.issue("client")), listener
        assert not world.sends(listener, world.ours.ca), f"{listener}: a certificate must be shown"
        assert not world.sends(listener, world.ours.ca, world.others.issue("client")), f"{listener}: of ours"
    print("tls: client certificates are asked for and checked")


def check_passwords(world):
    right, wrong = ({"authorization": "Basic " + text} for text in ("YW5uOnMzY3JldA==", "YW5uOmd1ZXNz"))
    for listener in ("password_grpc", "password_http"):
        assert world.sends(listener, world.ours.ca, headers=right), listener
        assert not world.sends(listener, world.ours.ca, headers=wrong), listener
        assert not world.sends(listener, world.ours.ca), listener
    assert "YW5uOm" not in world.log() and "s3cret" not in world.log()
    print("tls: passwords are checked")


def check_reload(world, process):
    open_before = [world.exporter(listener, world.ours.ca) for listener in ("grpc", "http")]
    assert all(world.export(each) for each in open_before)
    install(world.others.issue("server"), world.own)
    for listener in ("grpc", "http"):
        common.wait_until(f"{listener} shows the new certificate", lambda: world.sends(listener, world.others.ca), 30)
        assert not world.sends(listener, world.ours.ca), f"{listener}: the old one is gone"
    assert all(world.export(each) for each in open_before), "connections that were open stay"
    assert "TLS certificates have changed and are used from now on" in world.log()
    for path in world.own:  # nonsense leaves the last good one
        with open(path, "w") as f:
            f.write("nothing")
    end = time.monotonic() + 2.5  # the files are read again meanwhile
    while time.monotonic() < end:
        assert world.sends("http", world.others.ca)
    assert world.sends("grpc", world.others.ca)
    unusable = [line for line in world.log().splitlines() if "TLS certificates have changed and cannot be used" in line]
    assert 2 <= len(unusable) <= 6 and world.own[0] in unusable[0], unusable  # of two listeners, each once for a change
    for each in open_before:
        each.shutdown()
    assert process.poll() is None
    print("tls: a replaced certificate is picked up, open connections stay, nonsense is not taken")


def run():
    logging.disable(logging.CRITICAL)  # exporters complain about what is meant to fail
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "HTTPS_PROXY", "https_proxy"):
        os.environ.pop(name, None)  # they win over what an exporter is told
    with common.temporary() as tmp:
        world = World(tmp)
        with common.weir(world.config, tmp, world.port["own"]) as process:
            check_plain_tls(world)
            check_client_certificates(world)
            check_passwords(world)
            check_reload(world, process)
            common.wait_until("all that was accepted is written", world.written)
        print(f"tls: all {len(world.accepted)} accepted spans are written")


if __name__ == "__main__":
    run()
