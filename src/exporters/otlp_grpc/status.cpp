// SPDX-License-Identifier: Apache-2.0
#include "exporters/otlp_grpc/status.h"

#include <array>
#include <optional>

#include "exporters/otlp_common.h"
#include "otlp/response.h"

namespace weir {

namespace {

using Kind = SendResult::Kind;

std::string_view name_of(grpc::StatusCode code) {
  static constexpr std::array<std::string_view, 17> kNames = {
      "OK",       "Canceled",       "Unknown",          "InvalidArgument",   "DeadlineExceeded",
      "NotFound", "AlreadyExists",  "PermissionDenied", "ResourceExhausted", "FailedPrecondition",
      "Aborted",  "OutOfRange",     "Unimplemented",    "Internal",          "Unavailable",
      "DataLoss", "Unauthenticated"};
  const auto index = static_cast<size_t>(code);
  return index < kNames.size() ? kNames[index] : "Unknown";
}

bool is_retryable(const grpc::Status& status) {
  switch (status.error_code()) {
    case grpc::StatusCode::CANCELLED:
    case grpc::StatusCode::DEADLINE_EXCEEDED:
    case grpc::StatusCode::ABORTED:
    case grpc::StatusCode::OUT_OF_RANGE:
    case grpc::StatusCode::UNAVAILABLE:
    case grpc::StatusCode::DATA_LOSS:
      return true;
    // What the library says of a connection that broke under the call; no server says it.
    case grpc::StatusCode::UNKNOWN:
      return status.error_message() == "Stream removed";
    default:
      return false;
  }
}

bool is_too_large(const grpc::Status& status) {
  return status.error_code() == grpc::StatusCode::RESOURCE_EXHAUSTED &&
         status.error_message().find("larger than max") != std::string::npos;
}

// INVALID_ARGUMENT is what Tempo says to a whole request for one odd span; its older versions say FAILED_PRECONDITION
// for a trace that is too large or one too many. RESOURCE_EXHAUSTED without a time to come again may be a limit that a
// smaller request meets. What else is refused for good would be refused with other data too.
bool is_about_data(const grpc::Status& status) {
  switch (status.error_code()) {
    case grpc::StatusCode::INVALID_ARGUMENT:
    case grpc::StatusCode::RESOURCE_EXHAUSTED:
      return true;
    case grpc::StatusCode::FAILED_PRECONDITION:
      return status.error_message().find("TRACE_TOO_LARGE") != std::string::npos ||
             status.error_message().find("LIVE_TRACES_EXCEEDED") != std::string::npos;
    default:
      return false;
  }
}

SendResult result_of_success(std::string_view response) {
  const std::optional<otlp::PartialSuccess> partial = otlp::parse_partial_success(response);
  if (!partial)
    return {Kind::kPermanent, 0, "rpc error: code = Internal desc = the response is no protobuf message", {}};
  return {Kind::kOk, partial->rejected, partial->message, {}};
}

}  // namespace

SendResult result_of_grpc(const grpc::Status& status, std::string_view response) {
  if (status.ok()) return result_of_success(response);
  const std::string why =
      "rpc error: code = " + std::string(name_of(status.error_code())) + " desc = " + status.error_message();
  const otlp::RpcStatus details = otlp::parse_rpc_status(status.error_details()).value_or(otlp::RpcStatus{});
  const bool asked_to_wait =
      status.error_code() == grpc::StatusCode::RESOURCE_EXHAUSTED && details.retry_delay.has_value();
  if (!is_retryable(status) && !asked_to_wait)
    return {is_too_large(status) ? Kind::kTooLarge : Kind::kPermanent, 0, why, {}, is_about_data(status)};
  const Duration wait = details.retry_delay.value_or(Duration{0});
  if (wait <= Duration{0}) return {Kind::kRetry, 0, why, {}};
  return {Kind::kRetry, 0, "Throttle (" + go_duration(wait) + "), error: " + why, wait};
}

}  // namespace weir
