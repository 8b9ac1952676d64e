// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>

#include "exporters/metric_naming.h"
#include "otlp/attributes.h"

namespace weir {
namespace {

void sort_by_key(LabelPairs& pairs) {
  std::stable_sort(pairs.begin(), pairs.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
}

// Length of the well-formed UTF-8 sequence at `at`; 0 where there is none.
size_t sequence_length(std::string_view text, size_t at) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[at + i]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return 1;
  const size_t length = lead >= 0xc2 && lead < 0xe0   ? 2
                        : (lead & 0xf0) == 0xe0       ? 3
                        : lead >= 0xf0 && lead < 0xf5 ? 4
                                                      : 0;
  if (length == 0 || at + length > text.size()) return 0;
  for (size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return 0;
  }
  const bool overlong = (lead == 0xe0 && byte(1) < 0xa0) || (lead == 0xf0 && byte(1) < 0x90);
  const bool surrogate = lead == 0xed && byte(1) >= 0xa0;
  const bool beyond = lead == 0xf4 && byte(1) >= 0x90;
  return overlong || surrogate || beyond ? 0 : length;
}

}  // namespace

bool ResourceLabels::identifying(std::string_view key) {
  return key == "service.name" || key == "service.namespace" || key == "service.instance.id";
}

bool ResourceLabels::has_others() const {
  return std::any_of(attributes.begin(), attributes.end(), [](const auto& a) { return !identifying(a.first); });
}

ResourceLabels read_resource_labels(const Batch& batch, uint32_t resource) {
  ResourceLabels out;
  std::string ns;
  otlp::for_each_resource_attribute(batch, resource, [&](const otlp::Attribute& attribute) {
    std::string value = otlp::to_text(attribute.value);
    if (attribute.key == "service.name") out.job = value;
    if (attribute.key == "service.namespace") ns = value;
    if (attribute.key == "service.instance.id") out.instance = value;
    out.attributes.emplace_back(attribute.key, std::move(value));
  });
  if (!out.job.empty() && !ns.empty()) out.job = ns + "/" + out.job;
  sort_by_key(out.attributes);
  return out;
}

LabelPairs read_scope_labels(const Batch& batch, uint32_t scope, LabelRule rule) {
  LabelPairs out;
  out.emplace_back("otel_scope_name", otlp::scope_name(batch, scope));
  out.emplace_back("otel_scope_version", otlp::scope_version(batch, scope));
  if (rule == LabelRule::kPage) out.emplace_back("otel_scope_schema_url", otlp::scope_schema_url(batch, scope));
  otlp::for_each_scope_attribute(batch, scope, [&](const otlp::Attribute& attribute) {
    // Of these names the scope's own fields have the say.
    if (attribute.key == "name" || attribute.key == "version" || attribute.key == "schema_url") return;
    out.emplace_back("otel_scope_" + std::string(attribute.key), otlp::to_text(attribute.value));
  });
  return out;
}

void read_point_labels(otlp::MetricType type, std::string_view point_message, LabelPairs& out) {
  out.clear();
  otlp::for_each_point_attribute(type, point_message, [&](const otlp::Attribute& attribute) {
    out.emplace_back(attribute.key, otlp::to_text(attribute.value));
  });
  sort_by_key(out);
}

void add_resource_attributes(const ResourceConversionConfig& config, const ResourceLabels& resource,
                             LabelPairs& point) {
  if (!config.enabled) return;
  for (const auto& [key, value] : resource.attributes) {
    if (config.exclude_service_attributes && ResourceLabels::identifying(key)) continue;
    std::erase_if(point, [&](const auto& have) { return have.first == key; });
    point.emplace_back(key, value);
  }
  sort_by_key(point);
}

std::string format_value(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  char text[32];
  char* end = std::to_chars(text, text + sizeof text - 1, value, std::chars_format::scientific).ptr;
  *end = 0;
  const int exponent = std::atoi(std::find(text, end, 'e') + 1);
  if (exponent < -4 || exponent >= 6) return text;
  return format_bound(value);
}

std::string format_bound(double value) {
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  char text[400];  // 1e-300 has 302 digits
  return {text, std::to_chars(text, text + sizeof text, value, std::chars_format::fixed).ptr};
}

void clean_utf8(std::string& text) {
  size_t at = 0;
  while (at < text.size() && sequence_length(text, at) > 0) at += sequence_length(text, at);
  if (at == text.size()) return;
  std::string clean = text.substr(0, at);
  while (at < text.size()) {
    const size_t length = sequence_length(text, at);
    clean += length > 0 ? text.substr(at, length) : "\xEF\xBF\xBD";
    at += std::max<size_t>(length, 1);
  }
  text = std::move(clean);
}

const config::Fields<ResourceConversionConfig>& ResourceConversionConfig::fields() {
  using T = ResourceConversionConfig;
  static const config::Fields<T> kFields = {
      config::field("enabled", &T::enabled, "resource attributes become labels of every series"),
      config::field("exclude_service_attributes", &T::exclude_service_attributes,
                    "leaves out service.name, service.namespace and service.instance.id"),
  };
  return kFields;
}

}  // namespace weir
