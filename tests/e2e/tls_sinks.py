# SPDX-License-Identifier: Apache-2.0
"""Destinations with TLS that keep what they get: OTLP over gRPC, OTLP and remote write over HTTPS; and a proxy that knows CONNECT."""
import base64
import contextlib
import gzip
import socket
import socketserver
import ssl
import threading
from concurrent import futures
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import grpc
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest, ExportTraceServiceResponse


def basic(user, password):
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


class Sink:
    """`wanted`: the Authorization that a request must carry; `client_ca`: file of the authority of clients (mTLS)."""

    def __init__(self, port, pair, client_ca=None, wanted=None):
        self.port, self.pair, self.client_ca, self.wanted = port, pair, client_ca, wanted
        self.lock, self.spans, self.writes, self.refused, self.headers = threading.Lock(), [], 0, 0, []

    def allowed(self, authorization):
        ok = self.wanted is None or authorization == self.wanted
        with self.lock:
            self.refused += not ok
        return ok

    def keep(self, body):
        request = ExportTraceServiceRequest.FromString(body)
        ids = [s.span_id for r in request.resource_spans for scope in r.scope_spans for s in scope.spans]
        with self.lock:
            self.spans += ids


class GrpcSink(Sink):
    def start(self):
        certificate, key = (open(path, "rb").read() for path in self.pair)
        clients = open(self.client_ca, "rb").read() if self.client_ca else None
        self.server = grpc.server(futures.ThreadPoolExecutor(2), options=[("grpc.so_reuseport", 0)])
        method = grpc.unary_unary_rpc_method_handler(self.export, response_serializer=lambda reply: reply.SerializeToString())
        service = "opentelemetry.proto.collector.trace.v1.TraceService"
        self.server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service, {"Export": method}),))
        self.server.add_secure_port(f"127.0.0.1:{self.port}", grpc.ssl_server_credentials([(key, certificate)], clients, clients is not None))
        self.server.start()
        return self

    def export(self, body, context):
        metadata = dict(context.invocation_metadata())
        with self.lock:
            self.headers.append(metadata)
        if not self.allowed(metadata.get("authorization")):
            context.abort(grpc.StatusCode.UNAUTHENTICATED, "who are you?")
        self.keep(body)
        return ExportTraceServiceResponse()

    def stop(self):
        self.server.stop(0).wait()


class HttpsSink(Sink):
    def start(self):
        sink = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status = sink.take(self.path, {k.lower(): v for k, v in self.headers.items()}, body)
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        class Server(ThreadingHTTPServer):
            def handle_error(self, *_):  # a handshake that failed
                pass

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*self.pair)
        if self.client_ca:
            context.load_verify_locations(self.client_ca)
            context.verify_mode = ssl.CERT_REQUIRED
        self.server = Server(("127.0.0.1", self.port), Handler)
        # The handshake is the connection thread's work.
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True, do_handshake_on_connect=False)
        threading.Thread(target=self.server.serve_forever, args=(.05,), daemon=True).start()
        return self

    def take(self, path, headers, body):
        with self.lock:
            self.headers.append(headers)
        if not self.allowed(headers.get("authorization")):
            return 401
        if path == "/api/v1/write":
            with self.lock:
                self.writes += 1
        else:
            assert path == "/v1/traces", path
            self.keep(gzip.decompress(body) if headers.get("content-encoding") == "gzip" else body)
        return 200

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


class Proxy(socketserver.ThreadingTCPServer):
    """CONNECT only; every name leads to 127.0.0.1. `wanted`: the Proxy-Authorization."""
    allow_reuse_address = daemon_threads = True

    def __init__(self, port, wanted):
        self.wanted, self.asked, self.refused = wanted, [], 0
        super().__init__(("127.0.0.1", port), Tunnel)

    def start(self):
        threading.Thread(target=self.serve_forever, args=(.05,), daemon=True).start()
        return self


class Tunnel(socketserver.StreamRequestHandler):
    def handle(self):
        method, target, _ = self.rfile.readline().decode().split()
        headers = {}
        while line := self.rfile.readline().strip().decode():
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        if method != "CONNECT" or headers.get("proxy-authorization") != self.server.wanted:
            self.server.refused += 1
            self.wfile.write(b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n")
            return
        self.server.asked.append(target)
        try:
            there = socket.create_connection(("127.0.0.1", int(target.rpartition(":")[2])))
        except OSError:
            self.wfile.write(b"HTTP/1.1 502 Bad Gateway\r\n\r\n")
            return
        with there:
            self.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n")
            back = threading.Thread(target=self.copy, args=(there, self.connection), daemon=True)
            back.start()
            self.copy(self.connection, there)
            back.join()

    @staticmethod
    def copy(source, target):
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                target.sendall(data)
        with contextlib.suppress(OSError):
            target.shutdown(socket.SHUT_WR)
