// SPDX-License-Identifier: Apache-2.0
#include "exporters/debug/text.h"

#include <charconv>
#include <cmath>
#include <cstdio>
#include <ctime>

#include "weir/ids.h"

namespace weir {

namespace debug_text_parts {

std::string typed(const otlp::AnyValue& value) {
  static constexpr std::string_view kNames[] = {"Empty", "Str", "Bool", "Int", "Double", "Slice", "Map", "Bytes"};
  return std::string(kNames[static_cast<int>(value.type)]) + "(" + otlp::to_text(value) + ")";
}

std::string timestamp(uint64_t unix_ns) {
  const auto seconds = static_cast<std::time_t>(unix_ns / 1'000'000'000);
  std::tm parts = {};
  ::gmtime_r(&seconds, &parts);
  char date[40];
  const size_t length = std::strftime(date, sizeof date, "%Y-%m-%d %H:%M:%S", &parts);
  std::string text(date, length);
  if (const uint64_t nanos = unix_ns % 1'000'000'000; nanos != 0) {
    char fraction[16];
    std::snprintf(fraction, sizeof fraction, ".%09u", static_cast<unsigned>(nanos));
    text += fraction;
    text.erase(text.find_last_not_of('0') + 1);
  }
  return text + " +0000 UTC";
}

std::string hex_id(std::string_view bytes) {
  return bytes.find_first_not_of('\0') == std::string_view::npos ? "" : to_hex(bytes);
}

namespace {

std::string_view not_finite(double value) { return std::isnan(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf"; }

}  // namespace

std::string fixed(double value) {
  if (!std::isfinite(value)) return std::string(not_finite(value));
  char text[400];
  const int length = std::snprintf(text, sizeof text, "%f", value);
  return {text, static_cast<size_t>(length)};
}

std::string shortest(double value) {
  if (!std::isfinite(value)) return std::string(not_finite(value));
  constexpr double kLeastFixed = 1e-4, kMostFixed = 1e21;
  const double size = std::fabs(value);
  const bool exponent = size != 0 && (size < kLeastFixed || size >= kMostFixed);
  char text[40];
  const auto format = exponent ? std::chars_format::scientific : std::chars_format::fixed;
  return {text, std::to_chars(text, text + sizeof text, value, format).ptr};
}

}  // namespace debug_text_parts

namespace {

namespace parts = debug_text_parts;

// What the heads are called: "Resource" + one of these, "Scope" + one of these.
struct Names {
  std::string_view resource, scope;
};

Names names_of(Signal signal, bool detailed) {
  static constexpr Names kDetailed[] = {{"Spans", "Spans"}, {"Metrics", "Metrics"}, {"Log", "Logs"}};
  static constexpr Names kNormal[] = {{"Traces", "Traces"}, {"Metrics", "Metrics"}, {"Log", "Log"}};
  return (detailed ? kDetailed : kNormal)[static_cast<int>(signal)];
}

// Heads of resources and scopes, written when the first item of each comes.
class Heads {
 public:
  Heads(const Batch& batch, bool detailed)
      : batch_(batch), detailed_(detailed), names_(names_of(batch.signal, detailed)) {}

  // Writes what changes with this item; its number within the scope.
  size_t next(std::string& out, uint32_t scope) {
    if (scope == scope_) return ++item_;
    const uint32_t resource = batch_.scopes[scope].resource;
    if (scope_ == UINT32_MAX || resource != resource_) {
      resource_ = resource;
      ++resource_number_;
      scope_number_ = SIZE_MAX;
      resource_head(out);
    }
    scope_ = scope;
    ++scope_number_;
    scope_head(out);
    return item_ = 0;
  }

 private:
  void resource_head(std::string& out) const {
    const auto each = [this](auto&& f) { otlp::for_each_resource_attribute(batch_, resource_, f); };
    const std::string number = " #" + std::to_string(resource_number_);
    const std::string url(otlp::resource_schema_url(batch_, resource_));
    if (!detailed_) {
      out.append("Resource").append(names_.resource).append(number);
      if (!url.empty()) out += " [" + url + "]";
      parts::inline_attributes(out, each);
      out += "\n";
      return;
    }
    out.append("Resource").append(names_.resource).append(number).append("\n");
    out += "Resource SchemaURL: " + url + "\n";
    parts::attributes(out, "Resource attributes", "     ", each);
  }

  void scope_head(std::string& out) const {
    const auto each = [this](auto&& f) { otlp::for_each_scope_attribute(batch_, scope_, f); };
    const std::string number = " #" + std::to_string(scope_number_);
    const std::string url(otlp::scope_schema_url(batch_, scope_));
    const std::string scope_name(otlp::scope_name(batch_, scope_));
    const std::string version(otlp::scope_version(batch_, scope_));
    if (!detailed_) {
      out.append("Scope").append(names_.scope).append(number);
      if (!scope_name.empty()) out += " " + scope_name + (version.empty() ? "" : "@" + version);
      if (!url.empty()) out += " [" + url + "]";
      parts::inline_attributes(out, each);
      out += "\n";
      return;
    }
    const std::string kind = "Scope" + std::string(names_.scope);
    out += kind + number + "\n";
    out += kind + " SchemaURL: " + url + "\n";
    out += "InstrumentationScope " + scope_name + " " + version + "\n";
    parts::attributes(out, "InstrumentationScope attributes", "     ", each);
  }

  const Batch& batch_;
  const bool detailed_;
  const Names names_;
  uint32_t scope_ = UINT32_MAX;
  uint32_t resource_ = 0;
  size_t resource_number_ = SIZE_MAX;
  size_t scope_number_ = SIZE_MAX;
  size_t item_ = 0;
};

void append_item(std::string& out, const Batch& batch, const ItemRecord& item, size_t number, bool detailed) {
  const std::string_view body = batch.view(item.part, item.body);
  const bool is_metric = batch.signal == Signal::kMetrics;
  if (!detailed) return is_metric ? parts::append_metric_lines(out, body) : parts::append_log_line(out, body);
  out += (is_metric ? "Metric #" : "LogRecord #") + std::to_string(number) + "\n";
  is_metric ? parts::append_metric(out, body) : parts::append_log_record(out, body);
}

}  // namespace

std::string debug_text(const Batch& batch, DebugConfig::Verbosity verbosity) {
  const bool detailed = verbosity == DebugConfig::Verbosity::kDetailed;
  std::string out;
  Heads heads(batch, detailed);
  for (const SpanRecord& span : batch.spans) {
    const size_t number = heads.next(out, span.scope);
    if (detailed) {
      out += "Span #" + std::to_string(number) + "\n";
      parts::append_span(out, batch, span);
    } else {
      parts::append_span_line(out, batch, span);
    }
  }
  for (const ItemRecord& item : batch.items) {
    const size_t number = heads.next(out, item.scope);
    append_item(out, batch, item, number, detailed);
  }
  return out;
}

}  // namespace weir
