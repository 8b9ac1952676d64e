// SPDX-License-Identifier: Apache-2.0
#include "exporters/otlp_common.h"

#include <cstdio>

#include "otlp/fields.h"
#include "otlp/wire.h"

namespace weir {

namespace {

using otlp::FieldCursor;
using otlp::WireType;

std::optional<Duration> parse_protobuf_duration(std::string_view message) {
  int64_t seconds = 0;
  int64_t nanos = 0;
  FieldCursor cursor(message);
  while (cursor.next()) {
    if (cursor.is(otlp::field::duration::kSeconds, WireType::kVarint)) seconds = static_cast<int64_t>(cursor.value());
    if (cursor.is(otlp::field::duration::kNanos, WireType::kVarint)) nanos = static_cast<int64_t>(cursor.value());
  }
  // Some 290 years are all that a Duration holds; nobody means more.
  if (!cursor.ok() || seconds < 0 || seconds > 9'000'000'000 || nanos < 0 || nanos > 999'999'999) return {};
  return std::chrono::seconds(seconds) + std::chrono::nanoseconds(nanos);
}

std::optional<Duration> parse_retry_info(std::string_view message) {
  std::optional<Duration> delay;
  FieldCursor cursor(message);
  while (cursor.next()) {
    if (cursor.is(otlp::field::retry_info::kRetryDelay, WireType::kBytes)) delay = parse_protobuf_duration(cursor.bytes());
  }
  return cursor.ok() ? delay.value_or(Duration{0}) : std::optional<Duration>();
}

// The RetryInfo in a google.protobuf.Any; empty where it is another message.
std::optional<Duration> retry_info_of(std::string_view any) {
  std::string_view type;
  std::string_view value;
  FieldCursor cursor(any);
  while (cursor.next()) {
    if (cursor.is(otlp::field::any::kTypeUrl, WireType::kBytes)) type = cursor.bytes();
    if (cursor.is(otlp::field::any::kValue, WireType::kBytes)) value = cursor.bytes();
  }
  if (!cursor.ok() || !type.ends_with("/google.rpc.RetryInfo")) return {};
  return parse_retry_info(value);
}

bool parse_partial_message(std::string_view message, PartialSuccess& out) {
  FieldCursor cursor(message);
  while (cursor.next()) {
    if (cursor.is(otlp::field::partial_success::kRejected, WireType::kVarint)) {
      const auto rejected = static_cast<int64_t>(cursor.value());
      out.rejected = rejected > 0 ? static_cast<uint64_t>(rejected) : 0;
    }
    if (cursor.is(otlp::field::partial_success::kErrorMessage, WireType::kBytes)) out.message = cursor.bytes();
  }
  return cursor.ok();
}

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

std::optional<PartialSuccess> parse_partial_success(std::string_view protobuf) {
  PartialSuccess found;
  FieldCursor cursor(protobuf);
  while (cursor.next()) {
    if (!cursor.is(otlp::field::response::kPartialSuccess, WireType::kBytes)) continue;
    if (!parse_partial_message(cursor.bytes(), found)) return {};
  }
  return cursor.ok() ? std::optional(found) : std::nullopt;
}

std::optional<RpcStatus> parse_rpc_status(std::string_view protobuf) {
  RpcStatus status;
  FieldCursor cursor(protobuf);
  while (cursor.next()) {
    if (cursor.is(otlp::field::rpc_status::kCode, WireType::kVarint)) status.code = static_cast<int32_t>(cursor.value());
    if (cursor.is(otlp::field::rpc_status::kMessage, WireType::kBytes)) status.message = cursor.bytes();
    if (cursor.is(otlp::field::rpc_status::kDetails, WireType::kBytes) && !status.retry_delay) {
      status.retry_delay = retry_info_of(cursor.bytes());
    }
  }
  return cursor.ok() ? std::optional(std::move(status)) : std::nullopt;
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
