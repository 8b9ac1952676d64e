// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>

#include "config/fields.h"
#include "exporters/metric_naming.h"
#include "weir/clock.h"

namespace weir {

// `prometheus` exporter: a page to be scraped (collector-semantics §8.2).
struct PrometheusConfig {
  std::string endpoint;  // required where the exporter is used
  std::string metrics_namespace;
  std::map<std::string, std::string> const_labels;
  bool send_timestamps = false;
  Duration metric_expiration = std::chrono::minutes(5);  // series without new points disappear
  bool enable_open_metrics = false;                      // exemplars, for whoever asks for OpenMetrics
  bool without_scope_info = false;
  ResourceConversionConfig resource_to_telemetry_conversion;
  std::string translation_strategy;
  static const config::Fields<PrometheusConfig>& fields();
  void validate(const config::Value& at, const std::string& path, config::Problems& problems) const;

  NameStrategy strategy() const {
    return parse_name_strategy(translation_strategy).value_or(NameStrategy::kUnderscoresWithSuffixes);
  }
};

}  // namespace weir
