// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "absl/functional/any_invocable.h"
#include "net/tls.h"
#include "weir/shard.h"

namespace weir::net {

struct PageRequest {
  std::string method;  // "GET" or "HEAD"; others are answered 405 before the handler
  std::string path;    // without the query
  std::string query;   // after '?', or ""
  std::string accept;  // the Accept header, or ""
};

struct PageReply {
  int status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body;
};
using PageDone = absl::AnyInvocable<void(PageReply)>;  // once, from any thread

// A small HTTP/1.1 server for pages that people and scrapers read. All of it lives on one shard: the handler is called
// there and answers now or later. Bodies above 1 KiB are gzipped for whoever accepts that. A client has 10 s for its
// request.
class PageServer {
 public:
  using Handler = std::function<void(const PageRequest&, PageDone)>;
  struct Started {
    std::unique_ptr<PageServer> server;  // empty: see error
    std::string error;
  };

  // `endpoint` as parse_endpoint() takes it. `shards` are those of EventLoops; the handler runs on shard `home`.
  // With `tls`, pages are served over TLS.
  static Started start(Shards& shards, std::string_view endpoint, Handler handler, uint32_t home = 0,
                       std::shared_ptr<TlsServer> tls = nullptr);
  // Any thread: no new connections; open ones end after the answer under way. Where loops still run, the handler may be
  // called until its shard has heard of this.
  ~PageServer();

  uint16_t port() const;
  const std::string& address() const;

 private:
  struct Impl;
  explicit PageServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace weir::net
