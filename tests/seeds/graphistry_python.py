# SPDX-License-Identifier: Apache-2.0
"""A Python service as Graphistry's: the twin of graphistry_node/producer.js."""
import json
import sys

from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.grpc.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
from opentelemetry.metrics import Observation
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor


def main():
    resource = Resource({"service.name": "forge-etl-python", "service.instance.id": "etl-1"})
    traces = TracerProvider(resource=resource)
    traces.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    metrics = MeterProvider(resource=resource, metric_readers=[PeriodicExportingMetricReader(OTLPMetricExporter(), 1000)])
    tracer, made = traces.get_tracer("etl"), []

    def span(name, attributes, parent=None):
        one = tracer.start_span(name, trace.set_span_in_context(parent) if parent else None, trace.SpanKind.SERVER, attributes)
        context = one.get_span_context()
        made.append({"name": name, "trace": f"{context.trace_id:032x}", "id": f"{context.span_id:016x}",
                     "parent": f"{parent.get_span_context().span_id:016x}" if parent else "", "attributes": attributes})
        return one

    root = span("upload", {"files": 3})
    for route, status in json.loads(sys.argv[1]):
        span(f"GET {route}", {"http.route": route, "http.target": route, "http.status_code": status}, root).end()
    root.end()
    meter = metrics.get_meter("etl")
    meter.create_counter("forge_etl_python_upload_datasets_request").add(4, {"type": "arrow"})
    meter.create_observable_gauge("etl.memory", [lambda _: [Observation(1536)]], unit="By")
    print(json.dumps({"spans": made}), flush=True)
    traces.shutdown()
    metrics.shutdown()


if __name__ == "__main__":
    main()
