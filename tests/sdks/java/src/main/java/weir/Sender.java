// SPDX-License-Identifier: Apache-2.0
package weir;

import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanBuilder;
import io.opentelemetry.api.trace.SpanContext;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.api.trace.TraceFlags;
import io.opentelemetry.api.trace.TraceState;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.context.Context;
import io.opentelemetry.sdk.OpenTelemetrySdk;
import io.opentelemetry.sdk.autoconfigure.AutoConfiguredOpenTelemetrySdk;
import io.opentelemetry.sdk.resources.Resource;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** Sender PROTOCOL COUNT [stay]: see tests/sdks/README.md. */
public final class Sender {
  private static final StatusCode[] CODES = {StatusCode.UNSET, StatusCode.OK, StatusCode.ERROR};

  private static Attributes ownAttributes(int i) {
    var found = Attributes.builder().put("text", "grün 漢字 🦉 " + i).put("empty", "").put("schlüssel.ü", "ß").put("yes", i % 2 == 0)
        .put("int", i).put("negative", -i).put("least", Long.MIN_VALUE).put("most", Long.MAX_VALUE).put("double", i / 7.0)
        .put("tiny", Double.MIN_VALUE).put("infinite", Double.POSITIVE_INFINITY).put("texts", "a", "ü", "").put("bools", true, false)
        .put("ints", i, -1L, 1L << 53).put("doubles", .5, -1e300).put(AttributeKey.stringArrayKey("none"), List.of());
    for (int k = 0; i == 5 && k < 130; ++k) found.put("many." + k, k);
    return found.build();
  }

  private static Context remote(int i) {
    TraceState state = TraceState.builder().put("other", "1").put("weir", "t" + i).build();
    return Context.root().with(Span.wrap(SpanContext.createFromRemoteParent(
        String.format("abc%029x", i + 1), String.format("def%013x", i + 1), TraceFlags.getSampled(), state)));
  }

  private static Span make(Tracer tracer, int i, Context parent, Span before) {
    SpanBuilder builder = tracer.spanBuilder("work " + i + " ✓").setParent(parent).setSpanKind(SpanKind.values()[i % 5])
        .setAllAttributes(ownAttributes(i));
    if (before != null && i % 3 == 0) {
      builder.addLink(before.getSpanContext(), Attributes.builder().put("why", "before").put("i", i).build());
    }
    Span span = builder.startSpan();
    for (int k = 0; k < i % 4; ++k) {
      span.addEvent("event " + k + " ☂", Attributes.builder().put("k", k).put("what", "x", "y").build());
    }
    if (i % 7 == 0) span.recordException(new IllegalStateException("broken " + i));
    if (i % 3 == 2) return span.setStatus(CODES[2], "schief gegangen ✗");
    return span.setStatus(CODES[i % 3]);
  }

  private static void send(Tracer tracer, int count) {
    Span root = null;
    Span before = null;
    Context parent = null;
    for (int i = 0; i < count; ++i) {
      if (i % 10 != 0) {
        before = make(tracer, i, parent, before);
        before.end();
        continue;
      }
      if (root != null) root.end();
      parent = i % 20 != 0 ? remote(i) : Context.root();
      before = root = make(tracer, i, parent, before);
      parent = parent.with(root);
    }
    root.end();
  }

  public static void main(String[] args) throws Exception {
    // Metrics and logs are not what is tested.
    Map<String, String> own = Map.of("otel.exporter.otlp.protocol", args[0], "otel.metrics.exporter", "none", "otel.logs.exporter", "none");
    Resource[] made = new Resource[1];
    OpenTelemetrySdk sdk = AutoConfiguredOpenTelemetrySdk.builder().addPropertiesSupplier(() -> own)
        .addResourceCustomizer((resource, config) -> made[0] = resource.merge(
            Resource.create(Attributes.builder().put("of.test", "ja ✓").put("numbers", 1L, 2L).build())))
        .addTracerProviderCustomizer((provider, config) -> provider.addSpanProcessor(new Truth()))
        .build().getOpenTelemetrySdk();
    Truth.OUT.println("{\"resource\":" + Truth.attributes(made[0].getAttributes()) + ",\"scope\":[\"sender\",\"1.2\"]}");
    send(sdk.getTracer("sender", "1.2"), Integer.parseInt(args[1]));
    Truth.OUT.flush();
    if (args.length > 2) System.in.readAllBytes();
    sdk.getSdkTracerProvider().shutdown().join(90, TimeUnit.SECONDS);
  }
}
