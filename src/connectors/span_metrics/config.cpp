// SPDX-License-Identifier: Apache-2.0
#include "connectors/span_metrics/config.h"

#include <algorithm>
#include <set>

namespace weir {
namespace {

using config::At;
using config::choice;
using config::custom;
using config::field;

// A scalar where null means "not written".
template <class C, class T>
config::Field<C> maybe(std::string_view key, std::string_view type, std::optional<T> C::*member, std::string_view doc) {
  return custom<C>(
      key, type,
      [member](const At& at, C& out) {
        T value{};
        if (!at.value.is_null() && config::decode_scalar(at, value)) out.*member = std::move(value);
      },
      doc);
}

// A block where null means "not written", and an empty one that its keys are.
template <class B>
config::Field<SpanHistogramConfig> block(std::string_view key, std::optional<B> SpanHistogramConfig::*member,
                                         std::string_view doc) {
  return custom<SpanHistogramConfig>(
      key, "map",
      [member](const At& at, SpanHistogramConfig& out) {
        if (!at.value.is_null()) config::decode_any(at, (out.*member).emplace());
      },
      doc);
}

void decode_unit(const At& at, SpanHistogramConfig& out) {
  std::string text;
  if (at.value.is_null() || !config::decode_scalar(at, text)) return;
  if (text == "ms" || text == "MS" || text == "Ms" || text == "mS") {
    out.unit = DurationUnit::kMilliseconds;
  } else if (text == "s" || text == "S") {
    out.unit = DurationUnit::kSeconds;
  } else {
    at.error("unknown unit \"" + text + "\", expected one of: ms, s");
  }
}

void check_dimensions(const std::vector<DimensionConfig>& dimensions, const At& at, std::string_view what) {
  std::set<std::string> seen = {"service.name", "span.name", "span.kind", "status.code", "collector.instance.id"};
  for (const DimensionConfig& d : dimensions) {
    if (d.name.empty()) {
      at.error("failed validating " + std::string(what) + ": a dimension has no name");
    } else if (!seen.insert(d.name).second)
      at.error("failed validating " + std::string(what) + ": duplicate dimension name \"" + d.name + "\"");
  }
}

void not_negative(const At& at, std::string_view key, Duration value) {
  if (value < Duration::zero()) at.error("invalid " + std::string(key) + ": the duration should be positive");
}

}  // namespace

const config::Fields<DimensionConfig>& DimensionConfig::fields() {
  using C = DimensionConfig;
  static const config::Fields<C> table = {
      field("name", &C::name, "name of the attribute"),
      maybe("default", "string", &C::default_value, "value where neither span nor resource has the attribute"),
      config::unsupported<C>("glob"),
  };
  return table;
}

const config::Fields<ExplicitBucketsConfig>& ExplicitBucketsConfig::fields() {
  using C = ExplicitBucketsConfig;
  static const config::Fields<C> table = {custom<C>(
      "buckets", "list of durations",
      [](const At& at, C& out) {
        if (!at.value.is_null()) config::decode_any(at, out.buckets);
      },
      "upper bounds, inclusive")};
  return table;
}

const config::Fields<ExponentialBucketsConfig>& ExponentialBucketsConfig::fields() {
  static const config::Fields<ExponentialBucketsConfig> table = {
      field("max_size", &ExponentialBucketsConfig::max_size, "most buckets of a point; 0 = 160")};
  return table;
}

const config::Fields<SpanHistogramConfig>& SpanHistogramConfig::fields() {
  using C = SpanHistogramConfig;
  static const config::Fields<C> table = {
      field("disable", &C::disable, "no duration metric"),
      custom<C>("unit", "string", decode_unit, "ms or s"),
      block("explicit", &C::explicit_buckets, "fixed buckets"),
      block("exponential", &C::exponential, "exponential buckets"),
      field("dimensions", &C::dimensions, "more dimensions of the duration metric"),
  };
  return table;
}

const config::Fields<ExemplarsConfig>& ExemplarsConfig::fields() {
  using C = ExemplarsConfig;
  static const config::Fields<C> table = {
      field("enabled", &C::enabled, "attach trace and span ids to points"),
      field("max_per_data_point", &C::max_per_data_point, "most exemplars of a point between two flushes"),
  };
  return table;
}

const config::Fields<EventsConfig>& EventsConfig::fields() {
  using C = EventsConfig;
  static const config::Fields<C> table = {
      field("enabled", &C::enabled, "count span events"),
      field("dimensions", &C::dimensions, "attributes of the event, the span or the resource that become labels"),
  };
  return table;
}

const config::Fields<SpanMetricsConfig>& SpanMetricsConfig::fields() {
  using C = SpanMetricsConfig;
  static const config::Fields<C> table = {
      choice<C, Naming>("naming", &C::naming, {{"collector", Naming::kCollector}, {"tempo", Naming::kTempo}},
                        "whose names, labels and defaults to use (weir's own key)"),
      maybe("namespace", "string", &C::metrics_namespace, "first part of the metric names; \"\" = none"),
      field("dimensions", &C::dimensions, "attributes that become labels of all metrics"),
      field("calls_dimensions", &C::calls_dimensions, "more dimensions of the calls metric"),
      field("exclude_dimensions", &C::exclude_dimensions, "default labels to leave out"),
      field("histogram", &C::histogram, "the duration metric"),
      field("metrics_flush_interval", &C::metrics_flush_interval, "how often series are sent"),
      field("metrics_expiration", &C::metrics_expiration, "idle time after which a resource's series end; 0 = never"),
      field("series_expiration", &C::series_expiration, "idle time after which a series ends; 0 = never"),
      field("aggregation_temporality", &C::aggregation_temporality,
            "AGGREGATION_TEMPORALITY_DELTA, anything else is cumulative"),
      maybe("metric_timestamp_cache_size", "int", &C::metric_timestamp_cache_size,
            "delta only: series whose last flush is remembered as the next start"),
      maybe("resource_metrics_cache_size", "int", &C::resource_metrics_cache_size, "resources kept, the least used go"),
      field("resource_metrics_key_attributes", &C::resource_metrics_key_attributes,
            "resource attributes that tell resources apart; [] = all"),
      config::accepted<C>("dimensions_cache_size", ""),
      field("aggregation_cardinality_limit", &C::aggregation_cardinality_limit,
            "series per resource and metric, the rest goes to one overflow series; 0 = none"),
      field("exemplars", &C::exemplars, "trace and span ids beside the points"),
      field("events", &C::events, "the events metric"),
      field("include_instrumentation_scope", &C::include_instrumentation_scope,
            "scopes whose name and version become labels"),
      // It only has a meaning under a feature gate of the collector that empties the resources of these metrics.
      config::accepted<C>("add_resource_attributes", "does nothing: the metrics always carry their resource"),
      field("enable_metrics_sampling_method", &C::enable_metrics_sampling_method, "adds the label sampling.method"),
  };
  return table;
}

void SpanMetricsConfig::validate(const config::Value& value, const std::string& path,
                                 config::Problems& problems) const {
  const At at{value, path, problems};
  check_dimensions(dimensions, at, "dimensions");
  check_dimensions(calls_dimensions, at, "calls_dimensions");
  check_dimensions(histogram.dimensions, at, "histogram dimensions");
  if (events.enabled && events.dimensions.empty()) {
    at.error("failed validating event dimensions: no dimensions configured for events");
  }
  if (events.enabled) check_dimensions(events.dimensions, at, "event dimensions");
  if (histogram.explicit_buckets && histogram.exponential) {
    at.error("use either `explicit` or `exponential` buckets histogram");
  }
  if (histogram.exponential && histogram.exponential->max_size < 0)
    at.error("histogram::exponential::max_size must not be negative");
  if (metrics_flush_interval <= Duration::zero())
    at.error("invalid metrics_flush_interval: the duration should be positive");
  not_negative(at, "metrics_expiration", metrics_expiration);
  not_negative(at, "series_expiration", series_expiration);
  if (delta() && timestamp_cache_size() <= 0) {
    at.error("invalid delta timestamp cache size: " + std::to_string(timestamp_cache_size()) +
             ", it should be positive");
  }
  if (resource_cache_size() <= 0) at.error("resource_metrics_cache_size must be positive");
  if (exemplars.enabled && exemplars.max_per_data_point < 0) {
    at.error("invalid max_per_data_point: " + std::to_string(exemplars.max_per_data_point) +
             ", the value should be positive");
  }
  if (aggregation_cardinality_limit < 0) {
    at.error("invalid aggregation_cardinality_limit: " + std::to_string(aggregation_cardinality_limit) +
             ", the limit should be positive");
  }
}

DurationUnit SpanMetricsConfig::unit() const {
  return histogram.unit.value_or(naming == Naming::kTempo ? DurationUnit::kSeconds : DurationUnit::kMilliseconds);
}

int32_t SpanMetricsConfig::exponential_max_size() const {
  if (!histogram.exponential) return 0;
  return histogram.exponential->max_size == 0 ? 160 : histogram.exponential->max_size;
}

std::vector<double> SpanMetricsConfig::bounds() const {
  const double ns_per_unit = unit() == DurationUnit::kSeconds ? 1e9 : 1e6;
  std::vector<double> out;
  if (histogram.explicit_buckets) {
    for (Duration d : histogram.explicit_buckets->buckets) out.push_back(static_cast<double>(d.count()) / ns_per_unit);
  } else if (naming == Naming::kTempo) {
    for (int n = 0; n < 14; ++n) out.push_back(static_cast<double>(2'000'000LL << n) / ns_per_unit);
  } else {
    for (double ms : {2, 4, 6, 8, 10, 50, 100, 200, 400, 800, 1000, 1400, 2000, 5000, 10000, 15000}) {
      out.push_back(ms * 1e6 / ns_per_unit);
    }
  }
  return out;
}

}  // namespace weir
