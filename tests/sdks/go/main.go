// SPDX-License-Identifier: Apache-2.0

// sender PROTOCOL COUNT [stay]: see ../README.md.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"strconv"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

var (
	out        = json.NewEncoder(os.Stdout)
	statuses   = []codes.Code{codes.Unset, codes.Ok, codes.Error}
	otlpStatus = map[codes.Code]int{codes.Unset: 0, codes.Ok: 1, codes.Error: 2}
)

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func exporter(ctx context.Context, protocol string) (*otlptrace.Exporter, error) {
	if protocol == "grpc" {
		return otlptracegrpc.New(ctx)
	}
	return otlptracehttp.New(ctx)
}

func remote(i int) context.Context {
	var id trace.TraceID
	var span trace.SpanID
	id[0], id[14], id[15], span[0], span[6], span[7] = 0xab, byte(i>>8), byte(i+1), 0xde, byte(i>>8), byte(i+1)
	state, err := trace.ParseTraceState(fmt.Sprintf("weir=t%d,other=1", i))
	check(err)
	config := trace.SpanContextConfig{TraceID: id, SpanID: span, TraceFlags: trace.FlagsSampled, TraceState: state, Remote: true}
	return trace.ContextWithSpanContext(context.Background(), trace.NewSpanContext(config))
}

func ownAttributes(i int) []attribute.KeyValue {
	found := []attribute.KeyValue{
		attribute.String("text", fmt.Sprintf("grün 漢字 🦉 %d", i)), attribute.String("empty", ""), attribute.String("schlüssel.ü", "ß"),
		attribute.Bool("yes", i%2 == 0), attribute.Int("int", i), attribute.Int("negative", -i),
		attribute.Int64("least", math.MinInt64), attribute.Int64("most", math.MaxInt64), attribute.Float64("double", float64(i)/7),
		attribute.Float64("tiny", 5e-324), attribute.Float64("infinite", math.Inf(1)), attribute.StringSlice("texts", []string{"a", "ü", ""}),
		attribute.BoolSlice("bools", []bool{true, false}), attribute.IntSlice("ints", []int{i, -1, 1 << 53}),
		attribute.Float64Slice("doubles", []float64{.5, -1e300}), attribute.StringSlice("none", []string{}),
	}
	for k := 0; i == 5 && k < 130; k++ {
		found = append(found, attribute.Int("many."+strconv.Itoa(k), k))
	}
	return found
}

func makeSpan(tracer trace.Tracer, i int, parent context.Context, before trace.Span) (context.Context, trace.Span) {
	options := []trace.SpanStartOption{trace.WithSpanKind(trace.SpanKind(i%5 + 1)), trace.WithAttributes(ownAttributes(i)...)}
	if before != nil && i%3 == 0 {
		link := trace.Link{SpanContext: before.SpanContext(), Attributes: []attribute.KeyValue{attribute.String("why", "before"), attribute.Int("i", i)}}
		options = append(options, trace.WithLinks(link))
	}
	ctx, span := tracer.Start(parent, fmt.Sprintf("work %d ✓", i), options...)
	for k := 0; k < i%4; k++ {
		span.AddEvent(fmt.Sprintf("event %d ☂", k), trace.WithAttributes(attribute.Int("k", k), attribute.StringSlice("what", []string{"x", "y"})))
	}
	if i%7 == 0 {
		span.RecordError(errors.New("broken " + strconv.Itoa(i)))
	}
	span.SetStatus(statuses[i%3], "schief gegangen ✗")
	return ctx, span
}

func send(tracer trace.Tracer, count int) {
	var root, before trace.Span
	var parent context.Context
	for i := 0; i < count; i++ {
		if i%10 != 0 {
			_, before = makeSpan(tracer, i, parent, before)
			before.End()
			continue
		}
		if root != nil {
			root.End()
		}
		parent = context.Background()
		if i%20 != 0 {
			parent = remote(i)
		}
		parent, root = makeSpan(tracer, i, parent, before)
		before = root
	}
	root.End()
}

func main() {
	ctx := context.Background()
	sending, err := exporter(ctx, os.Args[1])
	check(err)
	count, err := strconv.Atoi(os.Args[2])
	check(err)
	more := resource.NewSchemaless(attribute.String("of.test", "ja ✓"), attribute.IntSlice("numbers", []int{1, 2}))
	own, err := resource.Merge(resource.Default(), more)
	check(err)
	provider := sdktrace.NewTracerProvider(sdktrace.WithResource(own), sdktrace.WithBatcher(sending), sdktrace.WithSpanProcessor(truth{}))
	check(out.Encode(map[string]any{"resource": attributes(own.Attributes()), "scope": []string{"sender", "1.2"}}))
	send(provider.Tracer("sender", trace.WithInstrumentationVersion("1.2")), count)
	if len(os.Args) > 3 {
		_, _ = io.ReadAll(os.Stdin)
	}
	if err := provider.Shutdown(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "shutdown:", err)
	}
}
