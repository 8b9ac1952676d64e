// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "exporters/debug/config.h"
#include "otlp/attributes.h"
#include "weir/batch.h"

namespace weir {

// The text of a batch in the collector's words: the tree of it (detailed), or a line for each item (normal). Ends with
// a newline.
std::string debug_text(const Batch& batch, DebugConfig::Verbosity verbosity);

// Pieces of that text, shared by the signals.
namespace debug_text_parts {

// "Str(checkout)", "Int(5)", …
std::string typed(const otlp::AnyValue& value);
// "2020-02-11 20:26:12.000000321 +0000 UTC"
std::string timestamp(uint64_t unix_ns);
// "" for an id that is empty or zero
std::string hex_id(std::string_view bytes);
// With six decimals ("1.500000"), or as short as it can be read back ("1.5"); as Go's %f and %v write it.
std::string fixed(double value);
std::string shortest(double value);

// Appends "prefix -> key: value" lines below `header` from for_each(f), or nothing where there are no attributes.
template <class ForEach>
void attributes(std::string& out, std::string_view header, std::string_view indent, ForEach&& for_each) {
  std::string lines;
  for_each([&](const otlp::Attribute& attribute) {
    lines.append(indent).append("-> ").append(attribute.key).append(": ").append(typed(attribute.value)).append("\n");
  });
  if (!lines.empty()) out.append(header).append(":\n").append(lines);
}
// Appends " key=value" for each attribute.
template <class ForEach>
void inline_attributes(std::string& out, ForEach&& for_each) {
  for_each([&](const otlp::Attribute& attribute) {
    out.append(" ").append(attribute.key).append("=");
    otlp::append_text(attribute.value, out);
  });
}

void append_span(std::string& out, const Batch& batch, const SpanRecord& span);
void append_metric(std::string& out, std::string_view body);
void append_log_record(std::string& out, std::string_view body);
void append_span_line(std::string& out, const Batch& batch, const SpanRecord& span);
void append_metric_lines(std::string& out, std::string_view body);
void append_log_line(std::string& out, std::string_view body);

}  // namespace debug_text_parts
}  // namespace weir
