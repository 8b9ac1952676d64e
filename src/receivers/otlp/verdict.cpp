// SPDX-License-Identifier: Apache-2.0
#include "receivers/otlp/verdict.h"

#include <algorithm>
#include <utility>

#include "net/grpc_framing.h"
#include "otlp/writer.h"

namespace weir {
namespace {

using Kind = Verdict::Kind;

// google.rpc.Code
constexpr int kInvalidArgument = 3, kDeadlineExceeded = 4, kResourceExhausted = 8, kUnimplemented = 12, kInternal = 13,
              kUnavailable = 14, kUnauthenticated = 16;

int grpc_code(Kind kind) {
  switch (kind) {
    case Kind::kOk:
      return 0;
    case Kind::kMalformed:
      return kInternal;
    case Kind::kBadData:
      return kInvalidArgument;
    case Kind::kTooLarge:
      return kResourceExhausted;
    case Kind::kTooSlow:
      return kDeadlineExceeded;
    case Kind::kBusy:
      return kUnavailable;
    case Kind::kFailed:
      return kInternal;
    case Kind::kUnknownEncoding:
      return kUnimplemented;
    case Kind::kUnauthenticated:
      return kUnauthenticated;
  }
  return kInternal;
}

int http_status(Kind kind) {
  switch (kind) {
    case Kind::kOk:
      return 200;
    case Kind::kMalformed:
    case Kind::kBadData:
    case Kind::kUnknownEncoding:
      return 400;
    case Kind::kTooLarge:
      return 413;
    case Kind::kTooSlow:
      return 408;
    case Kind::kBusy:
      return 503;
    case Kind::kUnauthenticated:
      return 401;
    case Kind::kFailed:
      return 500;
  }
  return 500;
}

// The Status code in the body of an HTTP answer.
int http_body_code(Kind kind) {
  const int status = http_status(kind);
  return status == 400 || status == 413 ? kInvalidArgument : grpc_code(kind);
}

std::string retry_info(Duration after) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(after);
  otlp::MessageWriter writer;
  writer.begin(1);  // google.protobuf.Duration
  if (seconds.count() > 0) writer.varint(1, static_cast<uint64_t>(seconds.count()));
  if (after > seconds) writer.varint(2, static_cast<uint64_t>((after - seconds).count()));
  writer.end();
  return writer.take();
}

// Messages may quote what came in; protobuf strings and JSON are UTF-8.
std::string plain_text(std::string_view text) {
  std::string out(text.substr(0, 1024));
  for (char& c : out) {
    if (c < ' ' || c > '~') c = '?';
  }
  return out;
}

std::string json_string(std::string_view text) {
  std::string out = "\"";
  for (char c : plain_text(text)) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

std::string export_response(const Verdict& verdict) {
  otlp::MessageWriter writer;
  writer.begin(1);  // partial_success; there even where it says nothing, as the collector has it
  if (verdict.rejected > 0) {
    writer.varint(1, verdict.rejected);
    writer.bytes(2, plain_text(verdict.message));
  }
  writer.end();
  return writer.take();
}

std::string json_export_response(const Verdict& verdict, Signal signal) {
  if (verdict.rejected == 0) return R"({"partialSuccess":{}})";
  static constexpr std::string_view kKeys[] = {"rejectedSpans", "rejectedDataPoints", "rejectedLogRecords"};
  return R"({"partialSuccess":{")" + std::string(kKeys[static_cast<int>(signal)]) + R"(":")" +
         std::to_string(verdict.rejected) + R"(","errorMessage":)" + json_string(verdict.message) + "}}";
}

}  // namespace

Verdict verdict_of(Answer&& answer) {
  switch (answer.kind) {
    case Answer::Kind::kAccepted:
      return {};
    case Answer::Kind::kRetryLater:
      return {Kind::kBusy, std::move(answer.message),
              std::max<Duration>(answer.retry_after, std::chrono::milliseconds(1))};
    case Answer::Kind::kRefused:
      break;
  }
  return {answer.bad_data ? Kind::kBadData : Kind::kFailed, std::move(answer.message)};
}

std::string status_message(int code, std::string_view message, Duration retry_after) {
  otlp::MessageWriter writer;
  writer.varint(1, static_cast<uint64_t>(code));
  writer.bytes(2, plain_text(message));
  if (retry_after > Duration(0)) {
    writer.begin(3);  // google.protobuf.Any
    writer.bytes(1, "type.googleapis.com/google.rpc.RetryInfo");
    writer.bytes(2, retry_info(retry_after));
    writer.end();
  }
  return writer.take();
}

net::Response http_response(const Verdict& verdict, Signal signal, Format format) {
  const bool json = format == Format::kJson;
  net::Response response;
  response.status = http_status(verdict.kind);
  response.fields.push_back({"content-type", json ? "application/json" : "application/x-protobuf"});
  if (verdict.kind == Kind::kOk) {
    response.body = json ? json_export_response(verdict, signal) : export_response(verdict);
    return response;
  }
  const int code = http_body_code(verdict.kind);
  response.body = json ? "{\"code\":" + std::to_string(code) + ",\"message\":" + json_string(verdict.message) + "}"
                       : status_message(code, verdict.message, verdict.retry_after);
  if (verdict.kind == Kind::kBusy) {
    const auto seconds = std::chrono::ceil<std::chrono::seconds>(verdict.retry_after).count();
    response.fields.push_back({"retry-after", std::to_string(std::max<int64_t>(seconds, 1))});
  }
  return response;
}

net::Response grpc_response(const Verdict& verdict, std::string_view content_type) {
  if (verdict.kind == Kind::kOk) return net::grpc_reply(export_response(verdict), content_type);
  const int code = grpc_code(verdict.kind);
  net::Response response = net::grpc_refusal(code, verdict.message, content_type);
  if (verdict.kind == Kind::kBusy) {
    // Most clients read the first, the Python SDK only the second.
    response.fields.push_back(
        {"grpc-status-details-bin", net::base64_encode(status_message(code, verdict.message, verdict.retry_after))});
    response.fields.push_back({"google.rpc.retryinfo-bin", net::base64_encode(retry_info(verdict.retry_after))});
  }
  if (verdict.kind == Kind::kUnknownEncoding) {
    response.fields.push_back({"grpc-accept-encoding", "identity,gzip,zstd,snappy"});
  }
  return response;
}

}  // namespace weir
