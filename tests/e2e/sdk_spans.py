# SPDX-License-Identifier: Apache-2.0
"""Real spans of the OpenTelemetry Python SDK: a client that calls a server, `count` times."""
import argparse
import time

from opentelemetry import trace
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import SpanKind, Status, StatusCode


def exporter(transport, port, compression):
    if transport == "grpc":
        import grpc
        from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
        return OTLPSpanExporter(endpoint=f"http://127.0.0.1:{port}", insecure=True,
                                compression=grpc.Compression.Gzip if compression == "gzip" else None)
    from opentelemetry.exporter.otlp.proto.http import Compression
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    return OTLPSpanExporter(endpoint=f"http://127.0.0.1:{port}/v1/traces", compression=Compression(compression))


def tracer(service, make_exporter):
    provider = TracerProvider(resource=Resource.create({"service.name": service}))
    provider.add_span_processor(BatchSpanProcessor(make_exporter()))
    return provider, provider.get_tracer("weir.e2e", "1.0")


def send(transport, port, compression="none", count=10, client="frontend", server="backend", fail_every=0):
    """Sends `count` pairs; returns [{trace_id, spans: [...]}] of what was sent."""
    client_provider, client_tracer = tracer(client, lambda: exporter(transport, port, compression))
    server_provider, server_tracer = tracer(server, lambda: exporter(transport, port, compression))
    sent = []
    for i in range(count):
        with client_tracer.start_as_current_span("call", kind=SpanKind.CLIENT, attributes={"i": i, "ratio": .5, "tags": ["a", "b"]}) as c:
            with server_tracer.start_as_current_span("serve", kind=SpanKind.SERVER, attributes={"http.method": "GET", "ok": True}) as s:
                s.add_event("working", {"step": 1})
                if fail_every and i % fail_every == 0:
                    s.set_status(Status(StatusCode.ERROR, "broken"))
                time.sleep(.001)
        sent.append({"trace_id": trace.format_trace_id(c.get_span_context().trace_id),
                     "spans": {trace.format_span_id(c.get_span_context().span_id): "call",
                               trace.format_span_id(s.get_span_context().span_id): "serve"}})
    client_provider.shutdown()
    server_provider.shutdown()
    return sent


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("transport", choices=["grpc", "http"])
    parser.add_argument("port", type=int)
    parser.add_argument("--compression", default="none")
    parser.add_argument("--count", type=int, default=10)
    a = parser.parse_args()
    print(len(send(a.transport, a.port, a.compression, a.count)))
