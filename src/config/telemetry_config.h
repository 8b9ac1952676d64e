// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "config/endpoint.h"
#include "config/fields.h"
#include "weir/log.h"

namespace weir::config {

// service.telemetry.logs.sampling: of one cause at most `initial` lines per `tick` are written.
struct LogSamplingConfig {
  bool enabled = true;
  Duration tick = std::chrono::seconds(10);
  uint32_t initial = 10;
  static const Fields<LogSamplingConfig>& fields();
};

// service.telemetry.logs
struct LogsConfig {
  LogLevel level = LogLevel::kInfo;
  bool json = false;
  LogSamplingConfig sampling;
  std::map<std::string, std::string> initial_fields;
  static const Fields<LogsConfig>& fields();
};

// Where own metrics are served, and how their names are made; what is not written is up to the page.
struct MetricsPageConfig {
  std::string host = default_host();
  uint32_t port = 8888;
  std::optional<bool> without_type_suffix;
  std::optional<bool> without_units;
  std::optional<bool> without_scope_info;
  bool hand_written = false;  // false for the default page
  Place place;
};

enum class MetricsLevel : uint8_t { kNone, kBasic, kNormal, kDetailed };

// service.telemetry.metrics
struct OwnMetricsConfig {
  MetricsLevel level = MetricsLevel::kNormal;
  std::vector<MetricsPageConfig> pages{
      MetricsPageConfig{}};  // none where `readers: []` is written or the level is none
  static const Fields<OwnMetricsConfig>& fields();
  void validate(const Value& value, const std::string& path, Problems& problems);
};

// service.telemetry
struct TelemetryConfig {
  // `resource`: what own metrics say of the process (target_info), beside service.name, service.version and
  // service.instance.id; empty = this attribute is left out.
  std::map<std::string, std::optional<std::string>> resource;
  LogsConfig logs;
  OwnMetricsConfig metrics;
  static const Fields<TelemetryConfig>& fields();
};

}  // namespace weir::config
