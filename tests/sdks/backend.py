# SPDX-License-Identifier: Apache-2.0
"""An OTLP/gRPC backend in this process that keeps what it gets, and can be made to answer UNAVAILABLE."""
import threading
import time
from concurrent import futures

import grpc
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

import spans


class Backend:
    def __init__(self, paused=False):
        self.got, self.lock, self.paused = [], threading.Lock(), threading.Event()
        if paused:
            self.paused.set()
        handler = grpc.unary_unary_rpc_method_handler(self._on_call)
        service = grpc.method_handlers_generic_handler("opentelemetry.proto.collector.trace.v1.TraceService", {"Export": handler})
        self.server = grpc.server(futures.ThreadPoolExecutor(4), handlers=[service], options=[("grpc.max_receive_message_length", -1)])
        self.port = self.server.add_insecure_port("127.0.0.1:0")
        self.server.start()

    def _on_call(self, body, context):
        if self.paused.is_set():
            context.abort(grpc.StatusCode.UNAVAILABLE, "paused")
        with self.lock:
            self.got.append((time.monotonic(), body))
        return b""

    def requests(self):
        """[(when, request)]"""
        with self.lock:
            got = list(self.got)
        return [(when, ExportTraceServiceRequest.FromString(body)) for when, body in got]

    def spans(self):
        return spans.all_from_proto(request for _, request in self.requests())

    def stop(self):
        self.server.stop(0).wait()
