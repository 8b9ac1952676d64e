// SPDX-License-Identifier: Apache-2.0
#include "exporters/otlp_http/response.h"

#include <optional>

#include "exporters/otlp_common.h"
#include "otlp/response.h"

namespace weir {

namespace {

using Reply = net::HttpClient::Reply;
using Kind = SendResult::Kind;

constexpr std::string_view kProtobuf = "application/x-protobuf";
constexpr std::string_view kJson = "application/json";

SendResult result_of_success(const Reply& reply) {
  const std::string_view type = reply.header("content-type");
  if (type != kProtobuf && type != kJson) return {};
  if (reply.body.empty()) return {};
  const auto partial =
      type == kJson ? otlp::parse_partial_success_json(reply.body) : otlp::parse_partial_success(reply.body);
  if (!partial) return {Kind::kPermanent, 0, "error parsing the response of a successful request", {}};
  return {Kind::kOk, partial->rejected, partial->message, {}};
}

// The name that gRPC gives to what an HTTP status says.
std::string_view code_name(int status) {
  switch (status) {
    case 400:
      return "InvalidArgument";
    case 401:
      return "Unauthenticated";
    case 403:
      return "PermissionDenied";
    case 404:
      return "Unimplemented";
    case 429:
      return "ResourceExhausted";
    case 502:
    case 503:
    case 504:
      return "Unavailable";
    default:
      return "Unknown";
  }
}

std::string describe(const Reply& reply, const std::string& url) {
  std::string text = "rpc error: code = " + std::string(code_name(reply.status)) +
                     " desc = error exporting items, request to " + url + " responded with HTTP Status Code " +
                     std::to_string(reply.status);
  if (reply.body.empty()) return text;
  const bool is_json = reply.header("content-type").starts_with(kJson);
  const auto status = is_json ? otlp::parse_rpc_status_json(reply.body) : otlp::parse_rpc_status(reply.body);
  if (status) text += ", Message=" + status->message + ", Details=[]";
  return text;
}

bool is_retryable(int status) { return status == 429 || status == 502 || status == 503 || status == 504; }

}  // namespace

SendResult result_of_http(const Reply& reply, const std::string& url, Duration wall_now) {
  if (reply.status == 0) {
    const bool for_good = reply.failure == net::HttpClient::Failure::kNotSupported;
    return {for_good ? Kind::kPermanent : Kind::kRetry,
            0,
            "failed to make an HTTP request: Post \"" + url + "\": " + reply.error,
            {}};
  }
  if (reply.status >= 200 && reply.status <= 299) return result_of_success(reply);
  const std::string why = describe(reply, url);
  if (reply.status == 413) return {Kind::kTooLarge, 0, why, {}};
  const bool data_refused = reply.status == 400 || reply.status == 422;
  if (!is_retryable(reply.status)) return {Kind::kPermanent, 0, why, {}, data_refused};
  Duration wait{0};
  if (reply.status == 429 || reply.status == 503) {
    wait = net::parse_retry_after(reply.header("retry-after"), wall_now).value_or(Duration{0});
  }
  if (wait <= Duration{0}) return {Kind::kRetry, 0, why, {}};
  return {Kind::kRetry, 0, "Throttle (" + go_duration(wait) + "), error: " + why, wait};
}

}  // namespace weir
