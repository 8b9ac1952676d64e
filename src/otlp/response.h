// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "weir/clock.h"

namespace weir::otlp {

// What a destination says to an export request. All functions are thread-safe and take any bytes.

// ExportXServiceResponse.partial_success; rejected is never below 0.
struct PartialSuccess {
  uint64_t rejected = 0;
  std::string message;
};
// Empty where the bytes are not such a message.
std::optional<PartialSuccess> parse_partial_success(std::string_view protobuf);
std::optional<PartialSuccess> parse_partial_success_json(std::string_view json);

// google.rpc.Status, as in HTTP error bodies and grpc-status-details-bin.
struct RpcStatus {
  int32_t code = 0;
  std::string message;
  std::optional<Duration> retry_delay;  // of a RetryInfo detail; 0 where that names no time
};
std::optional<RpcStatus> parse_rpc_status(std::string_view protobuf);
// Code and message only.
std::optional<RpcStatus> parse_rpc_status_json(std::string_view json);

}  // namespace weir::otlp
