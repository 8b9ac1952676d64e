// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "net/tls.h"
#include "net/url.h"
#include "weir/clock.h"
#include "weir/shard.h"

namespace weir::net {

// An asynchronous HTTP/1.1 client to one server: a pool of kept connections on one shard. All calls and callbacks are
// on that shard's thread (an EventLoops shard). Names are resolved for each new connection, off the loop, and all
// addresses are tried.
class HttpClient {
 public:
  struct Options {
    Url url;                         // scheme, host and port count
    std::shared_ptr<TlsClient> tls;  // for https (offering http/1.1); null: with default settings
    std::string proxy;               // proxy_url; "" = what the environment says (see proxy.h)
    uint32_t max_connections = 16;   // further requests wait in line
    Duration idle_timeout = std::chrono::seconds(90);
    uint32_t max_reply_bytes = 4u << 20;  // OTLP: clients must cap what they read
  };
  using Headers = std::vector<std::pair<std::string, std::string>>;
  struct Request {
    std::string method = "POST";
    std::string path;                    // from the first '/', query included
    Headers headers;                     // Host and Content-Length are added
    std::vector<std::string_view> body;  // the bytes stay valid until `done`
  };
  enum class Failure : uint8_t {
    kNone,
    kResolve,
    kConnect,  // the proxy and TLS too
    kTimeout,
    kClosed,
    kReplyTooLarge,
    kBadReply,
    kNotSupported
  };
  struct Reply {
    int status = 0;   // 0: no reply, see failure
    Headers headers;  // names in lower case
    std::string body;
    Failure failure = Failure::kNone;
    std::string error;  // "connect to 127.0.0.1:4318: Connection refused"
    // The value of a header (name in lower case), or "".
    std::string_view header(std::string_view name) const;
  };
  using Done = absl::AnyInvocable<void(Reply)>;

  HttpClient(Shard& shard, Options options);
  ~HttpClient();  // on the shard's thread, or when loops are stopped; requests under way end with kClosed

  // `done` is called exactly once, never inside this call. The timeout counts from here and covers waiting in line,
  // connecting, sending and the whole reply. A request that a kept connection lost without one byte of reply is sent
  // once more on a new one (the server had closed it).
  void send(Request request, Duration timeout, Done done);

 private:
  struct Pool;
  std::shared_ptr<Pool> pool_;
};

// A Retry-After value: seconds or an HTTP-date (its distance from `wall_now`, never negative); empty where it is
// neither.
std::optional<Duration> parse_retry_after(std::string_view value, Duration wall_now);

}  // namespace weir::net
