// SPDX-License-Identifier: Apache-2.0
// A Node service as Graphistry's: spans of its routes and its metrics over OTLP/gRPC to OTEL_EXPORTER_OTLP_ENDPOINT. Prints what it made:
// {"spans": [{name, id, trace, parent}], "metrics": {...}}.
import { SpanKind, SpanStatusCode, context, trace } from '@opentelemetry/api';
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-grpc';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-grpc';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import { BasicTracerProvider, BatchSpanProcessor } from '@opentelemetry/sdk-trace-base';

const resource = resourceFromAttributes({ 'service.name': 'streamgl-viz', 'service.instance.id': 'viz-1' });
const traces = new BasicTracerProvider({ resource, spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter())] });
const metrics = new MeterProvider({
  resource,
  readers: [new PeriodicExportingMetricReader({ exporter: new OTLPMetricExporter(), exportIntervalMillis: 1000, exportTimeoutMillis: 900 })],
});
const tracer = traces.getTracer('viz');
const made = [];

function span(name, attributes, parent) {
  const where = parent ? trace.setSpan(context.active(), parent) : context.active();
  const one = tracer.startSpan(name, { kind: SpanKind.SERVER, attributes }, where);
  const { traceId, spanId } = one.spanContext();
  made.push({ name, trace: traceId, id: spanId, parent: parent?.spanContext().spanId ?? '', attributes });
  return one;
}

const root = span('streamgl-viz: handleFalcorSocketConnections', { 'net.peer.ip': '10.0.0.7' });
for (const [route, status] of JSON.parse(process.argv[2])) {
  const child = span(`GET ${route}`, { 'http.route': route, 'http.target': route, 'http.status_code': status }, root);
  if (status >= 500) child.setStatus({ code: SpanStatusCode.ERROR, message: 'failed' });
  child.end();
}
span('readHandler', { 'http.status_code': 200 }, root).end();
root.end();

const meter = metrics.getMeter('viz');
const crashes = meter.createCounter('worker.read.crashes', { description: 'Workers that died while reading' });
crashes.add(2, { worker: 'a' });
crashes.add(3, { worker: 'b' });
meter.createUpDownCounter('viz.sessions').add(7);
const took = meter.createHistogram('viz.render.duration', { unit: 'ms', advice: { explicitBucketBoundaries: [10, 100] } });
for (const value of [5, 50, 500]) took.record(value);

console.log(JSON.stringify({ spans: made }));
await traces.shutdown();
await metrics.shutdown();
