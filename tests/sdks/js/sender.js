// SPDX-License-Identifier: Apache-2.0
// sender.js PROTOCOL COUNT [stay]: see ../README.md.
import { context, createTraceState, SpanStatusCode, trace, TraceFlags } from '@opentelemetry/api';
import { OTLPTraceExporter as GrpcExporter } from '@opentelemetry/exporter-trace-otlp-grpc';
import { OTLPTraceExporter as JsonExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { OTLPTraceExporter as ProtobufExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { defaultResource, resourceFromAttributes } from '@opentelemetry/resources';
import { BasicTracerProvider, BatchSpanProcessor } from '@opentelemetry/sdk-trace-base';

const EXPORTERS = { grpc: GrpcExporter, 'http/json': JsonExporter, 'http/protobuf': ProtobufExporter };
const CODES = [SpanStatusCode.UNSET, SpanStatusCode.OK, SpanStatusCode.ERROR];

function value(v) {
  if (typeof v === 'boolean') return ['b', v];
  if (typeof v === 'string') return ['s', v];
  if (typeof v === 'number') return Number.isInteger(v) ? ['i', BigInt(v).toString()] : ['d', String(v)];
  return ['a', v.map(value)];
}

const attributes = (found) => Object.fromEntries(Object.entries(found ?? {}).map(([k, v]) => [k, value(v)]));
const nanos = ([seconds, rest]) => (BigInt(seconds) * 1000000000n + BigInt(rest)).toString();
const write = (line) => process.stdout.write(JSON.stringify(line) + '\n');

// Writes each ended span as the SDK holds it.
class Truth {
  onStart() {}
  onEnd(span) {
    const own = span.spanContext();
    write({
      trace: own.traceId, id: own.spanId, parent: span.parentSpanContext?.spanId ?? '', state: own.traceState?.serialize() ?? '',
      flags: own.traceFlags, name: span.name, kind: span.kind + 1, start: nanos(span.startTime), end: nanos(span.endTime),
      attributes: attributes(span.attributes), events: span.events.map((e) => [nanos(e.time), e.name, attributes(e.attributes)]),
      links: span.links.map((e) => [e.context.traceId, e.context.spanId, e.context.traceState?.serialize() ?? '', attributes(e.attributes)]),
      status: [span.status.code, span.status.message ?? ''], dropped: span.droppedAttributesCount,
    });
  }
  async forceFlush() {}
  async shutdown() {}
}

function ownAttributes(i) {
  const found = {
    text: `grün 漢字 🦉 ${i}`, empty: '', 'schlüssel.ü': 'ß', yes: i % 2 === 0, int: i, negative: -1 - i, least: Number.MIN_SAFE_INTEGER,
    most: Number.MAX_SAFE_INTEGER, double: i + 1 / 7, tiny: 5e-324, texts: ['a', 'ü', ''], bools: [true, false],
    ints: [i, -1, 2 ** 53 - 1], doubles: [0.5, -1.5e-300], none: [],
  };
  for (let k = 0; i === 5 && k < 130; ++k) found[`many.${k}`] = k;
  return found;
}

function remote(i) {
  const hex = (n, size) => n.toString(16).padStart(size, '0');
  return trace.setSpanContext(context.active(), {
    traceId: 'abc' + hex(i + 1, 29), spanId: 'def' + hex(i + 1, 13), traceFlags: TraceFlags.SAMPLED, isRemote: true,
    traceState: createTraceState(`weir=t${i},other=1`),
  });
}

function make(tracer, i, parent, before) {
  const links = before && i % 3 === 0 ? [{ context: before.spanContext(), attributes: { why: 'before', i } }] : [];
  const span = tracer.startSpan(`work ${i} ✓`, { kind: i % 5, attributes: ownAttributes(i), links }, parent);
  for (let k = 0; k < i % 4; ++k) span.addEvent(`event ${k} ☂`, { k, what: ['x', 'y'] });
  if (i % 7 === 0) span.recordException(new Error(`broken ${i}`));
  span.setStatus({ code: CODES[i % 3], ...(i % 3 === 2 && { message: 'schief gegangen ✗' }) });
  return span;
}

async function main() {
  const [protocol, count, stay] = process.argv.slice(2);
  const resource = defaultResource().merge(resourceFromAttributes({
    'service.name': process.env.OTEL_SERVICE_NAME, 'of.test': 'ja ✓', numbers: [1, 2] }));
  const provider = new BasicTracerProvider({ resource, spanProcessors: [new BatchSpanProcessor(new EXPORTERS[protocol]()), new Truth()] });
  write({ resource: attributes(resource.attributes), scope: ['sender', '1.2'] });
  const tracer = provider.getTracer('sender', '1.2');
  let root, before, parent;
  for (let i = 0; i < Number(count); ++i) {
    if (i % 10 === 0) {
      root?.end();
      parent = i % 20 ? remote(i) : context.active();
      before = root = make(tracer, i, parent, before);
      parent = trace.setSpan(parent, root);
    } else {
      before = make(tracer, i, parent, before);
      before.end();
    }
  }
  root.end();
  if (stay) for await (const _ of process.stdin);
  await provider.shutdown();
}

await main();
