// SPDX-License-Identifier: Apache-2.0
#include "otlp/response.h"

#include "otlp/fields.h"
#include "otlp/wire.h"

namespace weir::otlp {

namespace {

std::optional<Duration> parse_protobuf_duration(std::string_view message) {
  int64_t seconds = 0;
  int64_t nanos = 0;
  FieldCursor cursor(message);
  while (cursor.next()) {
    if (cursor.is(field::duration::kSeconds, WireType::kVarint)) seconds = static_cast<int64_t>(cursor.value());
    if (cursor.is(field::duration::kNanos, WireType::kVarint)) nanos = static_cast<int64_t>(cursor.value());
  }
  // Some 290 years are all that a Duration holds; nobody means more.
  if (!cursor.ok() || seconds < 0 || seconds > 9'000'000'000 || nanos < 0 || nanos > 999'999'999) return {};
  return std::chrono::seconds(seconds) + std::chrono::nanoseconds(nanos);
}

std::optional<Duration> parse_retry_info(std::string_view message) {
  std::optional<Duration> delay;
  FieldCursor cursor(message);
  while (cursor.next()) {
    if (cursor.is(field::retry_info::kRetryDelay, WireType::kBytes)) delay = parse_protobuf_duration(cursor.bytes());
  }
  return cursor.ok() ? delay.value_or(Duration{0}) : std::optional<Duration>();
}

// The RetryInfo in a google.protobuf.Any; empty where it is another message.
std::optional<Duration> retry_info_of(std::string_view any) {
  std::string_view type;
  std::string_view value;
  FieldCursor cursor(any);
  while (cursor.next()) {
    if (cursor.is(field::any::kTypeUrl, WireType::kBytes)) type = cursor.bytes();
    if (cursor.is(field::any::kValue, WireType::kBytes)) value = cursor.bytes();
  }
  if (!cursor.ok() || !type.ends_with("/google.rpc.RetryInfo")) return {};
  return parse_retry_info(value);
}

bool parse_partial_message(std::string_view message, PartialSuccess& out) {
  FieldCursor cursor(message);
  while (cursor.next()) {
    if (cursor.is(field::partial_success::kRejected, WireType::kVarint)) {
      const auto rejected = static_cast<int64_t>(cursor.value());
      out.rejected = rejected > 0 ? static_cast<uint64_t>(rejected) : 0;
    }
    if (cursor.is(field::partial_success::kErrorMessage, WireType::kBytes)) out.message = cursor.bytes();
  }
  return cursor.ok();
}

}  // namespace

std::optional<PartialSuccess> parse_partial_success(std::string_view protobuf) {
  PartialSuccess found;
  FieldCursor cursor(protobuf);
  while (cursor.next()) {
    if (!cursor.is(field::response::kPartialSuccess, WireType::kBytes)) continue;
    if (!parse_partial_message(cursor.bytes(), found)) return {};
  }
  return cursor.ok() ? std::optional(found) : std::nullopt;
}

std::optional<RpcStatus> parse_rpc_status(std::string_view protobuf) {
  RpcStatus status;
  FieldCursor cursor(protobuf);
  while (cursor.next()) {
    if (cursor.is(field::rpc_status::kCode, WireType::kVarint)) status.code = static_cast<int32_t>(cursor.value());
    if (cursor.is(field::rpc_status::kMessage, WireType::kBytes)) status.message = cursor.bytes();
    if (cursor.is(field::rpc_status::kDetails, WireType::kBytes) && !status.retry_delay) {
      status.retry_delay = retry_info_of(cursor.bytes());
    }
  }
  return cursor.ok() ? std::optional(std::move(status)) : std::nullopt;
}

}  // namespace weir::otlp
