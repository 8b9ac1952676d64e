// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "net/http_message.h"
#include "receivers/otlp/verdict.h"
#include "weir/auth.h"

namespace weir {

// Asks an authenticator whether a request may pass, before its body is read. Immutable; any thread.
class RequestAuth {
 public:
  RequestAuth() = default;  // everybody may pass
  // `params`: names of query parameters that are shown to the authenticator as headers, before those of that name.
  explicit RequestAuth(std::shared_ptr<const ServerAuth> server, std::vector<std::string> params = {})
      : server_(std::move(server)), params_(std::move(params)) {}

  // What is said to a request that may not pass; it repeats nothing of what was sent.
  std::optional<Verdict> refusal(const net::RequestHead& head) const;

 private:
  std::shared_ptr<const ServerAuth> server_;
  std::vector<std::string> params_;
};

// The first value of a parameter in the query of a request target, with its escapes resolved; empty where it has none
// of that name.
std::optional<std::string> query_parameter(std::string_view target, std::string_view name);

}  // namespace weir
