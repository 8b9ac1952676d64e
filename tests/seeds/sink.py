# SPDX-License-Identifier: Apache-2.0
"""sink.py HOST:PORT FILE: an OTLP gRPC backend that writes each request as one line of JSON, {"signal": ..., "body": hex}. The file is
there as soon as it listens."""
import json
import sys
import threading
from concurrent import futures

import grpc

SERVICES = {"traces": "opentelemetry.proto.collector.trace.v1.TraceService",
            "metrics": "opentelemetry.proto.collector.metrics.v1.MetricsService",
            "logs": "opentelemetry.proto.collector.logs.v1.LogsService"}


def main():
    address, path = sys.argv[1:]
    lock = threading.Lock()
    server = grpc.server(futures.ThreadPoolExecutor(8), options=[("grpc.max_receive_message_length", 64 << 20)])

    def taker(signal):
        def take(body, _context):
            with lock:
                out.write(json.dumps({"signal": signal, "body": body.hex()}) + "\n")
                out.flush()
            return b""
        return take

    for signal, service in SERVICES.items():
        export = grpc.unary_unary_rpc_method_handler(taker(signal))  # no serializers: bytes as they came
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service, {"Export": export}),))
    assert server.add_insecure_port(address), address
    server.start()
    with open(path, "w", encoding="ascii") as out:
        server.wait_for_termination()


if __name__ == "__main__":
    main()
