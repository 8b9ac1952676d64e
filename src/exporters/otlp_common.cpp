// SPDX-License-Identifier: Apache-2.0
#include "exporters/otlp_common.h"

#include <cstdio>

namespace weir {

namespace {

// `value` with up to `digits` decimals, zeros at the end left out.
std::string shortest(double value, int digits) {
  char text[64];
  std::snprintf(text, sizeof text, "%.*f", digits, value);
  std::string result(text);
  if (result.find('.') == std::string::npos) return result;
  result.erase(result.find_last_not_of('0') + 1);
  if (result.back() == '.') result.pop_back();
  return result;
}

}  // namespace

std::string_view otlp_path(Signal signal) {
  static constexpr std::string_view kPaths[] = {"/v1/traces", "/v1/metrics", "/v1/logs"};
  return kPaths[static_cast<int>(signal)];
}

std::string_view otlp_grpc_method(Signal signal) {
  static constexpr std::string_view kMethods[] = {"/opentelemetry.proto.collector.trace.v1.TraceService/Export",
                                                  "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export",
                                                  "/opentelemetry.proto.collector.logs.v1.LogsService/Export"};
  return kMethods[static_cast<int>(signal)];
}

std::string_view items_name(Signal signal) {
  static constexpr std::string_view kNames[] = {"spans", "metric_points", "log_records"};
  return kNames[static_cast<int>(signal)];
}

std::string go_duration(Duration duration) {
  const int64_t ns = duration.count();
  if (ns == 0) return "0s";
  if (ns < 0) return "-" + go_duration(-duration);
  const auto real = static_cast<double>(ns);
  if (ns < 1'000) return std::to_string(ns) + "ns";
  if (ns < 1'000'000) return shortest(real / 1e3, 3) + "µs";
  if (ns < 1'000'000'000) return shortest(real / 1e6, 6) + "ms";
  const int64_t minutes = ns / 60'000'000'000;
  const std::string seconds = shortest(static_cast<double>(ns % 60'000'000'000) / 1e9, 9) + "s";
  if (minutes == 0) return seconds;
  const std::string rest = std::to_string(minutes % 60) + "m" + seconds;
  return minutes < 60 ? rest : std::to_string(minutes / 60) + "h" + rest;
}

}  // namespace weir
