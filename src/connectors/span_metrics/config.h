// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "config/fields.h"
#include "connectors/naming.h"
#include "weir/clock.h"

namespace weir {

// An attribute that becomes an attribute of a series: the span's, else the resource's, else the default, else none.
struct DimensionConfig {
  std::string name;
  std::optional<std::string> default_value;
  static const config::Fields<DimensionConfig>& fields();
};

struct ExplicitBucketsConfig {
  std::vector<Duration> buckets;
  static const config::Fields<ExplicitBucketsConfig>& fields();
};

struct ExponentialBucketsConfig {
  int32_t max_size = 0;  // 0 = 160
  static const config::Fields<ExponentialBucketsConfig>& fields();
};

enum class DurationUnit : uint8_t { kMilliseconds, kSeconds };

struct SpanHistogramConfig {
  bool disable = false;
  std::optional<DurationUnit> unit;  // see SpanMetricsConfig::unit()
  std::optional<ExplicitBucketsConfig> explicit_buckets;
  std::optional<ExponentialBucketsConfig> exponential;
  std::vector<DimensionConfig> dimensions;
  static const config::Fields<SpanHistogramConfig>& fields();
};

struct ExemplarsConfig {
  bool enabled = false;
  int64_t max_per_data_point = 5;  // between two flushes
  static const config::Fields<ExemplarsConfig>& fields();
};

struct EventsConfig {
  bool enabled = false;
  std::vector<DimensionConfig> dimensions;
  static const config::Fields<EventsConfig>& fields();
};

// The `span_metrics` connector (alias `spanmetrics`): keys, defaults and rules of the collector's.
struct SpanMetricsConfig {
  Naming naming = Naming::kCollector;
  std::optional<std::string> metrics_namespace;  // key `namespace`
  std::vector<DimensionConfig> dimensions;
  std::vector<DimensionConfig> calls_dimensions;
  std::vector<std::string> exclude_dimensions;
  SpanHistogramConfig histogram;
  Duration metrics_flush_interval = std::chrono::seconds(60);
  Duration metrics_expiration{0};  // 0 = never
  Duration series_expiration{0};   // 0 = never
  std::string aggregation_temporality = "AGGREGATION_TEMPORALITY_CUMULATIVE";
  std::optional<int64_t> metric_timestamp_cache_size;
  std::optional<int64_t> resource_metrics_cache_size;
  std::vector<std::string> resource_metrics_key_attributes;
  int64_t aggregation_cardinality_limit = 0;  // 0 = none
  ExemplarsConfig exemplars;
  EventsConfig events;
  std::vector<std::string> include_instrumentation_scope;
  bool enable_metrics_sampling_method = false;

  static const config::Fields<SpanMetricsConfig>& fields();
  void validate(const config::Value& at, const std::string& path, config::Problems& problems) const;

  bool delta() const { return aggregation_temporality == "AGGREGATION_TEMPORALITY_DELTA"; }
  DurationUnit unit() const;
  std::vector<double> bounds() const;    // in unit()
  int32_t exponential_max_size() const;  // 0 = explicit buckets
  int64_t resource_cache_size() const { return resource_metrics_cache_size.value_or(1000); }
  int64_t timestamp_cache_size() const { return metric_timestamp_cache_size.value_or(1000); }
};

}  // namespace weir
