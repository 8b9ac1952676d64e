// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/fields.h"
#include "otlp/metrics_reader.h"
#include "weir/batch.h"

namespace weir {

// How OTLP metrics are named in Prometheus (collector-semantics §8.3); shared by the scrape page and remote write.

// `translation_strategy`
enum class NameStrategy : uint8_t {
  kUnderscoresWithSuffixes,     // UnderscoreEscapingWithSuffixes: the default
  kUnderscoresWithoutSuffixes,  // UnderscoreEscapingWithoutSuffixes
  kUtf8WithSuffixes,            // NoUTF8EscapingWithSuffixes
  kUntranslated,                // NoTranslation
};
std::optional<NameStrategy> parse_name_strategy(std::string_view word);
inline bool keeps_utf8(NameStrategy s) {
  return s == NameStrategy::kUtf8WithSuffixes || s == NameStrategy::kUntranslated;
}
// The collector's complaint about a word that is no strategy.
std::string bad_strategy(std::string_view word);

// Name of a metric's family: unit, `_total` and `_ratio` as the strategy says, `ns` in front ("" = none).
// "" where that leaves no name: such a metric is left out.
std::string metric_name(const otlp::MetricView& metric, std::string_view ns, NameStrategy strategy);
// A unit in full words: "seconds", "bytes_per_second"; "" where there is none.
std::string unit_name(std::string_view unit);

// The two rules differ in the collector, and can be seen from outside: the page keeps runs of underscores, remote write
// makes them one and puts `key` before a leading one.
enum class LabelRule : uint8_t { kPage, kRemoteWrite };
// Label name of an attribute key; "" where the key is empty (such a point has no name in Prometheus and is left out).
std::string label_name(std::string_view key, LabelRule rule);
// Any text as a metric name (`:` allowed) or label name: every character that is not allowed becomes `_`.
std::string escape_name(std::string_view name, bool metric);

// Names and values, in the order of the names where it matters.
using LabelPairs = std::vector<std::pair<std::string, std::string>>;

// What a resource says about its series.
struct ResourceLabels {
  std::string job;        // service.namespace/service.name, or service.name; "" without service.name
  std::string instance;   // service.instance.id
  LabelPairs attributes;  // all, keys as sent, in order of the keys
  static bool identifying(std::string_view key);  // one of the three above
  bool has_others() const;                        // an attribute that is not identifying
};
ResourceLabels read_resource_labels(const Batch& batch, uint32_t resource);

// otel_scope_name, otel_scope_version and otel_scope_<attribute>; on the page also otel_scope_schema_url. Empty values
// included.
LabelPairs read_scope_labels(const Batch& batch, uint32_t scope, LabelRule rule);

enum class Equal : uint8_t { kTwice, kOnce };  // values that are equal too
// Sorts labels by name; the values of those that have one name are joined with ";", in their order.
void join_labels(LabelPairs& labels, Equal equal);

// Attributes of a point as text, keys as sent, in order of the keys (equal keys in order of appearance).
void read_point_labels(otlp::MetricType type, std::string_view point_message, LabelPairs& out);

// Shortest decimal text that reads back the same, as Go's strconv writes it: format 'g' ("0.002", "1e+06", "+Inf") on
// the scrape page, format 'f' ("1000000") for `le` and `quantile` in remote write.
std::string format_value(double value);
std::string format_bound(double value);

// Replaces what is not UTF-8 by U+FFFD.
void clean_utf8(std::string& text);

// `resource_to_telemetry_conversion`: resource attributes become labels of every series.
struct ResourceConversionConfig {
  bool enabled = false;
  bool exclude_service_attributes = false;  // leaves out service.name, service.namespace, service.instance.id
  static const config::Fields<ResourceConversionConfig>& fields();
};
// Adds the resource's attributes to those of a point; they win over equal keys of the point, as in the collector.
void add_resource_attributes(const ResourceConversionConfig& config, const ResourceLabels& resource, LabelPairs& point);

}  // namespace weir
