// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "connectors/histogram.h"
#include "connectors/span_metrics/config.h"
#include "weir/component.h"

namespace weir::span_metrics {

// A dimension of one family of series.
struct Dimension {
  uint32_t name = 0;          // index into Plan::names
  std::string default_entry;  // a KeyValue message; empty where there is no default
};

// Series that share one key: the calls and the duration metric where they have the same dimensions, else each its own.
struct Family {
  std::vector<Dimension> dimensions;
  bool calls = false;
  bool durations = false;
  bool events = false;
};

// Names of the labels that every span gives; "" = left out.
struct Labels {
  std::string service;
  std::string span_name;
  std::string span_kind;
  std::string status_code;
  std::string instance_id;
};

// What follows from the config, fixed when the connector is built; read by all shards.
struct Plan {
  Plan(const SpanMetricsConfig& config, const ComponentEnv& env);

  SpanMetricsConfig config;
  std::vector<std::string> names;  // attributes that some dimension wants, each once
  std::vector<Family> families;
  Labels labels;
  std::string calls_name;
  std::string duration_name;
  std::string duration_unit;
  std::string events_name;
  std::string instance_id;  // of this process: series of several instances must not collide
  DurationBuckets buckets;
  int32_t exponential_size;  // 0 = explicit buckets
  uint64_t seed;

  // Differs where series of one config make no sense under another.
  uint64_t shape() const;
  bool tempo() const { return config.naming == Naming::kTempo; }
};

std::string_view name_of_kind(SpanKind kind);
std::string_view name_of_status(StatusCode status);

}  // namespace weir::span_metrics
