// SPDX-License-Identifier: Apache-2.0
package main

import (
	"context"
	"strconv"

	"go.opentelemetry.io/otel/attribute"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// truth writes each ended span as the SDK holds it.
type truth struct{}

func (truth) OnStart(context.Context, sdktrace.ReadWriteSpan) {}
func (truth) Shutdown(context.Context) error                  { return nil }
func (truth) ForceFlush(context.Context) error                { return nil }

func float(v float64) []any { return []any{"d", strconv.FormatFloat(v, 'g', -1, 64)} }
func integer(v int64) []any { return []any{"i", strconv.FormatInt(v, 10)} }
func text(v string) []any   { return []any{"s", v} }
func boolean(v bool) []any  { return []any{"b", v} }

func list[T any](values []T, one func(T) []any) []any {
	found := make([]any, 0, len(values))
	for _, v := range values {
		found = append(found, one(v))
	}
	return []any{"a", found}
}

func value(v attribute.Value) []any {
	switch v.Type() {
	case attribute.BOOL:
		return boolean(v.AsBool())
	case attribute.INT64:
		return integer(v.AsInt64())
	case attribute.FLOAT64:
		return float(v.AsFloat64())
	case attribute.STRING:
		return text(v.AsString())
	case attribute.BOOLSLICE:
		return list(v.AsBoolSlice(), boolean)
	case attribute.INT64SLICE:
		return list(v.AsInt64Slice(), integer)
	case attribute.FLOAT64SLICE:
		return list(v.AsFloat64Slice(), float)
	case attribute.STRINGSLICE:
		return list(v.AsStringSlice(), text)
	}
	panic("an attribute of type " + v.Type().String())
}

func attributes(found []attribute.KeyValue) map[string]any {
	all := map[string]any{}
	for _, each := range found {
		all[string(each.Key)] = value(each.Value)
	}
	return all
}

func (truth) OnEnd(span sdktrace.ReadOnlySpan) {
	own := span.SpanContext()
	parent := ""
	if span.Parent().HasSpanID() {
		parent = span.Parent().SpanID().String()
	}
	events := []any{}
	for _, e := range span.Events() {
		events = append(events, []any{nanos(e.Time.UnixNano()), e.Name, attributes(e.Attributes)})
	}
	links := []any{}
	for _, e := range span.Links() {
		c := e.SpanContext
		links = append(links, []any{c.TraceID().String(), c.SpanID().String(), c.TraceState().String(), attributes(e.Attributes)})
	}
	check(out.Encode(map[string]any{
		"trace": own.TraceID().String(), "id": own.SpanID().String(), "parent": parent, "state": own.TraceState().String(),
		"flags": int(own.TraceFlags()), "name": span.Name(), "kind": int(span.SpanKind()), "start": nanos(span.StartTime().UnixNano()),
		"end": nanos(span.EndTime().UnixNano()), "attributes": attributes(span.Attributes()), "events": events, "links": links,
		"status": []any{otlpStatus[span.Status().Code], span.Status().Description}, "dropped": span.DroppedAttributes(),
	}))
}

func nanos(v int64) string { return strconv.FormatInt(v, 10) }
