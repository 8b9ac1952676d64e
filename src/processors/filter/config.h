// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "config/fields.h"
#include "ottl/group_config.h"
#include "processors/match.h"

namespace weir {

// `spans: {include, exclude}`, the oldest form.
struct FilterSpans {
  std::optional<MatchConfig> include, exclude;
  static const config::Fields<FilterSpans>& fields();
};

// `metrics::include` and `exclude`.
struct FilterMetricMatch {
  MatchType type = MatchType::kUnset;
  MatchCache cache;
  std::vector<std::string> names;
  std::vector<MatchAttribute> resource_attributes;
  static const config::Fields<FilterMetricMatch>& fields();
  void validate(const config::Value& at, const std::string& path, config::Problems& problems) const;
  MatchConfig as_match() const;
};

// `logs::include` and `exclude`.
struct FilterLogMatch {
  MatchType type = MatchType::kUnset;
  std::vector<MatchAttribute> resource_attributes, record_attributes;
  std::vector<std::string> severity_texts, bodies;
  std::optional<MatchSeverity> severity_number;
  static const config::Fields<FilterLogMatch>& fields();
  void validate(const config::Value& at, const std::string& path, config::Problems& problems) const;
  MatchConfig as_match() const;
};

struct FilterTraces {
  std::vector<std::string> resource, span, spanevent;
  static const config::Fields<FilterTraces>& fields();
};
struct FilterMetrics {
  std::optional<FilterMetricMatch> include, exclude;
  std::vector<std::string> resource, metric, datapoint;
  static const config::Fields<FilterMetrics>& fields();
};
struct FilterLogs {
  std::optional<FilterLogMatch> include, exclude;
  std::vector<std::string> resource, log_record;
  static const config::Fields<FilterLogs>& fields();
};

// Keys of the `filter` processor (collector-semantics §6.4).
struct FilterConfig {
  ottl::ErrorMode error_mode = ottl::ErrorMode::kIgnore;
  FilterSpans spans;
  FilterTraces traces;
  FilterMetrics metrics;
  FilterLogs logs;
  std::vector<ottl::GroupConfig> trace_conditions, metric_conditions, log_conditions;

  static const config::Fields<FilterConfig>& fields();
  void validate(const config::Value& at, const std::string& path, config::Problems& problems) const;
  void validate_in(Signal signal, const config::At& at) const;
};

}  // namespace weir
