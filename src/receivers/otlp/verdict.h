// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "net/http_message.h"
#include "weir/admission.h"
#include "weir/batch.h"

namespace weir {

// How a request ended, before it is put into the words of gRPC or HTTP (collector-semantics §0.2, §1.3; OTLP 1.11).
struct Verdict {
  enum class Kind : uint8_t {
    kOk,               // 200 / OK, with partial success where `rejected` > 0
    kMalformed,        // 400 / INTERNAL, as the collector says it: cannot be decoded
    kBadData,          // 400 / INVALID_ARGUMENT
    kTooLarge,         // 413 / RESOURCE_EXHAUSTED without RetryInfo
    kTooSlow,          // 408 / DEADLINE_EXCEEDED
    kBusy,             // 503 + Retry-After / UNAVAILABLE + RetryInfo
    kFailed,           // 500 / INTERNAL
    kUnknownEncoding,  // 400 / UNIMPLEMENTED
    kUnauthenticated,  // 401 / UNAUTHENTICATED
  };
  Kind kind = Kind::kOk;
  std::string message = {};
  Duration retry_after{0};
  uint32_t rejected = 0;  // items left out by us (partial success), `message` says why
};

Verdict verdict_of(Answer&& answer);

enum class Format : uint8_t { kProtobuf, kJson };

net::Response http_response(const Verdict& verdict, Signal signal, Format format);
// `content_type`: that of the request ("application/grpc+proto").
net::Response grpc_response(const Verdict& verdict, std::string_view content_type);

// google.rpc.Status; `retry_after` > 0 puts a RetryInfo into its details.
std::string status_message(int code, std::string_view message, Duration retry_after);

}  // namespace weir
