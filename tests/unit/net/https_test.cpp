// SPDX-License-Identifier: Apache-2.0
// HTTP over TLS: our servers and our client, with one another and with strangers.
#include <openssl/ssl.h>

#include <atomic>

#include "client_caller.h"
#include "net/http_server.h"
#include "net/page_server.h"
#include "raw_peer.h"
#include "support/certificates.h"
#include "tls_peer.h"

using namespace weir;
using namespace weir::net;
using namespace weir::net::test;
using Failure = HttpClient::Failure;
using weir::test::TestAuthority;

namespace {

std::shared_ptr<TlsServer> server_of(const TlsServerSettings& settings, std::vector<std::string> protocols) {
  TlsServer::Made made = TlsServer::make(settings, std::move(protocols));
  INFO(made.error);
  REQUIRE(made.server);
  return made.server;
}

HttpClient::Options trusting(const TestAuthority& authority) {
  HttpClient::Options options;
  options.url.scheme = "https";
  options.tls = TlsClient::make(client_settings(authority), {"http/1.1"}).client;
  return options;
}

struct Pages {
  explicit Pages(const TlsServerSettings& settings) : world(1) {
    auto started = PageServer::start(
        world.loops, "127.0.0.1:0",
        [](const PageRequest& request, PageDone done) {
          done({200, "text/plain", request.path});
        },
        0, server_of(settings, {"http/1.1"}));
    REQUIRE(started.error == "");
    server = std::move(started.server);
    world.loops.run();
  }
  ~Pages() {
    world.loops.stop();
    world.loops.join();
  }
  Loops world;
  std::unique_ptr<PageServer> server;
};

}  // namespace

TEST_CASE("pages over https, many over few connections") {
  TestAuthority authority;
  Pages pages(server_settings(authority.issue()));
  HttpClient::Options options = trusting(authority);
  options.max_connections = 3;
  Caller caller(pages.server->port(), options, "localhost");
  std::vector<Promised<Reply>> replies(100);
  for (size_t i = 0; i < replies.size(); ++i) caller.send({"GET", "/" + std::to_string(i), {}, {}}, replies[i]);
  for (size_t i = 0; i < replies.size(); ++i) CHECK(replies[i].wait().body == "/" + std::to_string(i));
}
