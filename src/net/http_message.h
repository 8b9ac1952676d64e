// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/inlined_vector.h"

namespace weir::net {

// The head of a request, the same for HTTP/1.1 and HTTP/2. All text lies in one string, so that a head costs no
// allocation when it is used again.
class RequestHead {
 public:
  struct Field {
    std::string_view name;  // lower case
    std::string_view value;
  };

  void clear();
  void set_method(std::string_view method) { method_ = method; }
  void set_target(std::string_view target) { target_ = target; }
  // `name` is turned into lower case.
  void add(std::string_view name, std::string_view value);

  const std::string& method() const { return method_; }
  const std::string& target() const { return target_; }  // as sent: "/v1/traces?a=b", or with scheme and host
  size_t size() const { return places_.size(); }
  Field field(size_t i) const;
  // The first value of a field (name in lower case), or "".
  std::string_view find(std::string_view name) const;

  std::optional<uint64_t> content_length;
  bool expects_continue = false;
  bool is_http2 = false;

 private:
  struct Place {
    uint32_t name, value, end;  // offsets in text_
  };
  std::string method_;
  std::string target_;
  std::string text_;
  std::vector<Place> places_;
};

struct ResponseField {
  std::string_view name;  // lower case; lives as long as the handler
  std::string value;
};
using ResponseFields = absl::InlinedVector<ResponseField, 4>;

// A whole answer. HTTP/2 with neither body nor trailers is one HEADERS frame that ends the stream ("trailers-only").
struct Response {
  int status = 200;
  ResponseFields fields;  // content-length and date are added where the protocol wants them
  std::string body;
  ResponseFields trailers;  // HTTP/2 only
  bool close = false;       // HTTP/1: end the connection, the rest of the request is not read
};

std::string_view reason_phrase(int status);

}  // namespace weir::net
