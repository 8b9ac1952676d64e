# SPDX-License-Identifier: Apache-2.0
"""sender.py PROTOCOL COUNT [stay]: see ../README.md."""
import json
import sys

from opentelemetry import trace
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Link, NonRecordingSpan, SpanContext, SpanKind, Status, StatusCode, TraceFlags, TraceState

KINDS = [SpanKind.INTERNAL, SpanKind.SERVER, SpanKind.CLIENT, SpanKind.PRODUCER, SpanKind.CONSUMER]
CODES = [StatusCode.UNSET, StatusCode.OK, StatusCode.ERROR]


def value(v):
    if isinstance(v, bool):
        return ["b", v]
    if isinstance(v, str):
        return ["s", v]
    if isinstance(v, int):
        return ["i", str(v)]
    if isinstance(v, float):
        return ["d", repr(v)]
    return ["a", [value(each) for each in v]]


def attributes(found):
    return {k: value(v) for k, v in (found or {}).items()}


class Truth(SpanProcessor):
    """Writes each ended span as the SDK holds it."""

    def on_end(self, span):
        context = span.context
        print(json.dumps({
            "trace": f"{context.trace_id:032x}", "id": f"{context.span_id:016x}", "parent": f"{span.parent.span_id:016x}" if span.parent else "",
            "state": context.trace_state.to_header(), "flags": int(context.trace_flags), "name": span.name, "kind": span.kind.value + 1,
            "start": str(span.start_time), "end": str(span.end_time), "attributes": attributes(span.attributes),
            "events": [[str(e.timestamp), e.name, attributes(e.attributes)] for e in span.events],
            "links": [[f"{e.context.trace_id:032x}", f"{e.context.span_id:016x}", e.context.trace_state.to_header(), attributes(e.attributes)]
                      for e in span.links],
            "status": [span.status.status_code.value, span.status.description or ""], "dropped": span.dropped_attributes}))


def exporter(protocol):
    if protocol == "grpc":
        from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
    else:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    return OTLPSpanExporter()


def own_attributes(i):
    found = {"text": f"grün 漢字 🦉 {i}", "empty": "", "schlüssel.ü": "ß", "yes": i % 2 == 0, "int": i, "negative": -i, "least": -2**63,
             "most": 2**63 - 1, "double": i / 7, "tiny": 5e-324, "infinite": float("inf"), "texts": ["a", "ü", ""], "bools": [True, False],
             "ints": [i, -1, 2**53], "doubles": [.5, -1e300], "none": []}
    if i == 5:
        found.update({f"many.{k}": k for k in range(130)})
    return found


def remote(i):
    state = TraceState([("weir", f"t{i}"), ("other", "1")])
    context = SpanContext(0xabc0000000000000000000000000 + i + 1, 0xdef0000000 + i + 1, True, TraceFlags(1), state)
    return trace.set_span_in_context(NonRecordingSpan(context))


def make(tracer, i, parent, before):
    links = [Link(before.get_span_context(), {"why": "before", "i": i})] if before and i % 3 == 0 else []
    span = tracer.start_span(f"work {i} ✓", parent, KINDS[i % 5], own_attributes(i), links)
    for k in range(i % 4):
        span.add_event(f"event {k} ☂", {"k": k, "what": ["x", "y"]})
    if i % 7 == 0:
        span.record_exception(ValueError(f"broken {i}"))
    span.set_status(Status(CODES[i % 3], "schief gegangen ✗" if i % 3 == 2 else None))
    return span


def main():
    provider = TracerProvider(resource=Resource.create({"of.test": "ja ✓", "numbers": [1, 2]}))
    provider.add_span_processor(BatchSpanProcessor(exporter(sys.argv[1])))
    provider.add_span_processor(Truth())
    print(json.dumps({"resource": attributes(provider.resource.attributes), "scope": ["sender", "1.2"]}))
    tracer = provider.get_tracer("sender", "1.2")
    root, before, parent = None, None, None
    for i in range(int(sys.argv[2])):
        if i % 10 == 0:
            if root:
                root.end()
            parent = remote(i) if i % 20 else None
            before = root = make(tracer, i, parent, before)
            parent = trace.set_span_in_context(root)
        else:
            before = make(tracer, i, parent, before)
            before.end()
    root.end()
    sys.stdout.flush()
    if "stay" in sys.argv:
        sys.stdin.read()
    provider.shutdown()


main()
