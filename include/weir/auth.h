// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace weir {

// The client's side of an authentication extension (basicauth, bearertokenauth).
class ClientAuth {
 public:
  virtual ~ClientAuth() = default;
  // The headers that a request which leaves now must carry: (name in lower case, value). They are secrets: never
  // logged. Any thread; may read a small file that has changed, never waits for a network.
  virtual std::vector<std::pair<std::string, std::string>> headers() const = 0;
};

// Why a request may not pass.
struct AuthRefusal {
  std::string why;     // "no basic auth provided"; never repeats what was sent
  bool later = false;  // it could not be checked now: 503 / UNAVAILABLE, the sender tries again
};

// The server's side of one.
class ServerAuth {
 public:
  // The first value of a header of the request (name in lower case), or "".
  using HeaderOf = std::function<std::string_view(std::string_view name)>;
  virtual ~ServerAuth() = default;
  // Nothing where the request may pass, otherwise why not, for the 401 / UNAUTHENTICATED. Any thread.
  virtual std::optional<AuthRefusal> refusal(const HeaderOf& header) const = 0;
};

// The authenticators that service::extensions starts, by id ("basicauth/otlp"). Null where there is none of that id or
// it has not this side; the configuration was checked for that.
class Authenticators {
 public:
  virtual ~Authenticators() = default;
  virtual std::shared_ptr<const ClientAuth> client(const std::string& id) const = 0;
  virtual std::shared_ptr<const ServerAuth> server(const std::string& id) const = 0;
};

}  // namespace weir
