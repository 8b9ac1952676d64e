#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Connections at their edges: uploads that are refused while they come, the end of the process, more peers than descriptors."""
import contextlib
import os
import signal
import socket
import ssl
import subprocess
import time

import common
from certificates import Authority

CONFIG = """
receivers:
  otlp:
    protocols:
      grpc: {{endpoint: "127.0.0.1:{grpc}"}}
      http: {{endpoint: "127.0.0.1:{http}", max_request_body_size: 100000}}
  otlp/tls:
    protocols:
      grpc: {{endpoint: "127.0.0.1:{tls_grpc}", tls: {{cert_file: {cert}, key_file: {key}}}}}
      http: {{endpoint: "127.0.0.1:{tls_http}", max_request_body_size: 100000, tls: {{cert_file: {cert}, key_file: {key}}}}}
exporters: {{debug: }}
service:
  shards: 2
  {telemetry}
  pipelines: {{traces: {{receivers: [otlp, otlp/tls], exporters: [debug]}}}}
"""
GOAWAY = 7
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes([0, 0, 0, 4, 0, 0, 0, 0, 0])


class World:
    def __init__(self, tmp):
        self.tmp = tmp
        self.authority = Authority(tmp, "ours")
        cert, key = self.authority.issue("server")
        names = ["grpc", "http", "tls_grpc", "tls_http", "own"]
        self.port = dict(zip(names, common.free_ports(len(names))))
        self.config = CONFIG.format(cert=cert, key=key, telemetry=common.own_telemetry(self.port["own"]), **self.port)

    @contextlib.contextmanager
    def weir(self, *journal):
        with common.weir(self.config, self.tmp, self.port["own"], env=dict(journal)) as process:
            yield process

    def log(self):
        with open(os.path.join(self.tmp, "weir.log"), errors="replace") as f:
            return f.read()

    def connect(self, listener):
        sock = socket.create_connection(("127.0.0.1", self.port[listener]), 20)
        if not listener.startswith("tls"):
            return sock
        context = ssl.create_default_context(cafile=self.authority.ca)
        context.set_alpn_protocols(["h2"])
        return context.wrap_socket(sock, server_hostname="localhost")


def curl(world, listener, *args):
    """(exit code, "version/status" that it saw, what it said)"""
    scheme = "https" if listener.startswith("tls") else "http"
    done = subprocess.run(["curl", "-sS", "-o", "/dev/null", "-w", "%{http_version}/%{http_code}", "--cacert", world.authority.ca, "-H", "Expect:",
                           *args, f"{scheme}://localhost:{world.port[listener]}/v1/traces"],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=60)
    return done.returncode, done.stdout, done.stderr


def check_refusals(world):
    protobuf, other = ("-H", "Content-Type: application/x-protobuf"), ("-H", "Content-Type: text/plain")
    for size, times in ((1 << 20, 10), (64 << 20, 3)):
        path = os.path.join(world.tmp, f"body-{size}")
        with open(path, "wb") as f:
            f.truncate(size)
        for listener, flag, version in (("http", "--http2-prior-knowledge", "2"), ("http", "--http1.1", "1.1"),
                                        ("tls_http", "--http2", "2"), ("tls_http", "--http1.1", "1.1")):
            for type_, status in ((protobuf, 413), (other, 415)):
                for _ in range(times):
                    seen = curl(world, listener, flag, *type_, "--data-binary", "@" + path)
                    assert seen[:2] == (0, f"{version}/{status}"), (size, listener, flag, status, seen)
    print("connections: curl sees why uploads of 1 and 64 MiB are refused, over HTTP/1.1 and HTTP/2, with TLS and without")


def frames(data):
    """[(type, stream, payload)]"""
    found = []
    while len(data) >= 9:
        length = int.from_bytes(data[:3], "big")
        found.append((data[3], int.from_bytes(data[5:9], "big"), data[9:9 + length]))
        data = data[9 + length:]
    return found


def read_to_end(sock):
    data = b""
    with contextlib.suppress(ConnectionResetError, ssl.SSLEOFError):
        while more := sock.recv(65536):
            data += more
    return data


def check_goodbye(world):
    listeners = ("grpc", "http", "tls_grpc", "tls_http")
    with world.weir() as process:
        idle = {listener: world.connect(listener) for listener in listeners}
        for sock in idle.values():
            sock.sendall(PREFACE)
            assert sock.recv(1)  # its settings begin; the rest is read at the end
        process.send_signal(signal.SIGTERM)
        for listener, sock in idle.items():
            said = [kind for kind, _, _ in frames(b"\0" + read_to_end(sock))]  # the byte that was read
            sock.close()
            assert GOAWAY in said, (listener, said)
        assert process.wait(30) == 0
    print("connections: idle HTTP/2 peers hear that the process ends, with TLS and without")


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat") as f:
        fields = f.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def post(sock):
    body = b"{}"
    sock.sendall(b"POST /v1/traces HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
    return sock.recv(65536)


def check_descriptors(world):
    """150 descriptors, 300 connections."""
    script = os.path.join(world.tmp, "weir-150")
    with open(script, "w") as f:
        f.write(f'#!/bin/sh\nulimit -n 150\nexec "{common.WEIR}" "$@"\n')
    os.chmod(script, 0o755)
    real, common.WEIR = common.WEIR, script
    try:
        with world.weir(("WEIR_JOURNAL", os.path.join(world.tmp, "journal"))) as process, contextlib.ExitStack() as stack:
            first = stack.enter_context(world.connect("http"))
            assert post(first).startswith(b"HTTP/1.1 200")
            crowd = [stack.enter_context(socket.create_connection(("127.0.0.1", world.port["http"]), 20)) for _ in range(300)]
            common.wait_until("the log says so", lambda: "as many connections are open as the limit of open files allows" in world.log())
            is_open = len(os.listdir(f"/proc/{process.pid}/fd"))
            assert 70 < is_open < 150 - 16, is_open
            before, start = cpu_seconds(process.pid), time.monotonic()
            while time.monotonic() - start < 2:
                assert post(first).startswith(b"HTTP/1.1 200")  # journaled
                assert common.http(f"http://127.0.0.1:{world.port['own']}/readyz")
                time.sleep(.1)
            assert cpu_seconds(process.pid) - before < 1, "it spins"
            for sock in crowd:
                sock.close()
            with world.connect("http") as later:
                assert post(later).startswith(b"HTTP/1.1 200")
    finally:
        common.WEIR = real
    assert "too many open files" not in world.log().lower()
    print("connections: peers beyond the limit of open files wait, others are served, the journal goes on")


def main():
    for name in ("CURL_CA_BUNDLE", "SSL_CERT_FILE", "HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"):
        os.environ.pop(name, None)
    with common.temporary() as tmp:
        world = World(tmp)
        with world.weir():
            check_refusals(world)
        check_goodbye(world)
        check_descriptors(world)


if __name__ == "__main__":
    main()
