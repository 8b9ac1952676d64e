// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "net/http_message.h"
#include "receivers/otlp/config.h"

namespace weir {

// Cross-origin resource sharing (fetch.spec.whatwg.org §3.2): which pages a browser lets read our answers, and send
// what is not a plain form. Immutable; any thread.
class Cors {
 public:
  Cors() = default;  // off: nothing is answered and nothing added
  explicit Cors(const OtlpCorsConfig& config);

  // The answer to a preflight; empty where the request is none. It says nothing of what is not allowed: that is a
  // browser's "no".
  std::optional<net::Response> preflight(const net::RequestHead& head) const;
  // What the answer to a request has to name: its origin, "" where there is none or it is not allowed.
  std::string allowed_origin(const net::RequestHead& head) const;
  // Adds the headers of an answer, errors included.
  void add_to(net::Response& response, const std::string& allowed_origin) const;

 private:
  bool allows(std::string_view origin) const;
  bool allows_headers(std::string_view list) const;

  struct Pattern {  // what stands before and after the "*"
    std::string prefix;
    std::string suffix;
  };
  bool on_ = false;
  std::vector<std::string> origins_;  // these and all names of headers in lower case
  std::vector<Pattern> patterns_;
  std::vector<std::string> headers_;
  bool any_header_ = false;
  std::string exposed_;
  std::string max_age_;
};

}  // namespace weir
