// SPDX-License-Identifier: Apache-2.0
package weir;

import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.trace.SpanContext;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.context.Context;
import io.opentelemetry.sdk.trace.ReadWriteSpan;
import io.opentelemetry.sdk.trace.ReadableSpan;
import io.opentelemetry.sdk.trace.SpanProcessor;
import io.opentelemetry.sdk.trace.data.SpanData;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** Writes each ended span as the SDK holds it. */
final class Truth implements SpanProcessor {
  static final PrintStream OUT = new PrintStream(System.out, false, StandardCharsets.UTF_8);
  private static final Map<StatusCode, Integer> STATUS = Map.of(StatusCode.UNSET, 0, StatusCode.OK, 1, StatusCode.ERROR, 2);

  static String text(String s) {
    StringBuilder out = new StringBuilder("\"");
    s.chars().forEach(c -> out.append(c < ' ' || c == '"' || c == '\\' ? String.format("\\u%04x", c) : String.valueOf((char) c)));
    return out.append('"').toString();
  }

  private static String value(Object v) {
    if (v instanceof Collection<?> all) return "[\"a\",[" + all.stream().map(Truth::value).collect(Collectors.joining(",")) + "]]";
    if (v instanceof Boolean) return "[\"b\"," + v + "]";
    return "[\"" + (v instanceof Long ? "i" : v instanceof Double ? "d" : "s") + "\"," + text(v.toString()) + "]";
  }

  static String attributes(Attributes found) {
    return found.asMap().entrySet().stream()
        .map(e -> text(((AttributeKey<?>) e.getKey()).getKey()) + ":" + value(e.getValue()))
        .collect(Collectors.joining(",", "{", "}"));
  }

  private static String list(List<String> parts) {
    return parts.stream().collect(Collectors.joining(",", "[", "]"));
  }

  private static String state(SpanContext c) {
    return c.getTraceState().asMap().entrySet().stream().map(e -> e.getKey() + "=" + e.getValue()).collect(Collectors.joining(","));
  }

  private static String nanos(long time) {
    return text(Long.toString(time));
  }

  private static String line(SpanData s) {
    SpanContext own = s.getSpanContext();
    String parent = s.getParentSpanContext().isValid() ? s.getParentSpanId() : "";
    List<String> events = s.getEvents().stream()
        .map(e -> list(List.of(nanos(e.getEpochNanos()), text(e.getName()), attributes(e.getAttributes())))).toList();
    List<String> links = s.getLinks().stream().map(e -> list(List.of(text(e.getSpanContext().getTraceId()),
        text(e.getSpanContext().getSpanId()), text(state(e.getSpanContext())), attributes(e.getAttributes())))).toList();
    return "{\"trace\":" + text(own.getTraceId()) + ",\"id\":" + text(own.getSpanId()) + ",\"parent\":" + text(parent)
        + ",\"state\":" + text(state(own)) + ",\"flags\":" + own.getTraceFlags().asByte() + ",\"name\":" + text(s.getName())
        + ",\"kind\":" + (s.getKind().ordinal() + 1) + ",\"start\":" + nanos(s.getStartEpochNanos())
        + ",\"end\":" + nanos(s.getEndEpochNanos()) + ",\"attributes\":" + attributes(s.getAttributes())
        + ",\"events\":" + list(events) + ",\"links\":" + list(links) + ",\"status\":[" + STATUS.get(s.getStatus().getStatusCode())
        + "," + text(s.getStatus().getDescription()) + "],\"dropped\":" + (s.getTotalAttributeCount() - s.getAttributes().size()) + "}";
  }

  @Override
  public void onStart(Context parent, ReadWriteSpan span) {}

  @Override
  public boolean isStartRequired() {
    return false;
  }

  @Override
  public void onEnd(ReadableSpan span) {
    OUT.println(line(span.toSpanData()));
  }

  @Override
  public boolean isEndRequired() {
    return true;
  }
}
