// SPDX-License-Identifier: Apache-2.0
#include "net/tls.h"

#include <thread>

#include "loop_fixture.h"
#include "net/listener.h"
#include "net/plain_stream.h"
#include "raw_peer.h"
#include "support/certificates.h"
#include "tls_peer.h"

using namespace weir;
using namespace weir::net;
using namespace weir::net::test;
using weir::test::CertifiedKey;
using weir::test::TestAuthority;
using weir::test::TestDirectory;

TEST_CASE("bytes go both ways under TLS, in pieces and in bulk") {
  TestAuthority authority;
  EchoSite site(server_settings(authority.issue()));
  TlsPeer peer(site.port(), client_settings(authority));
  REQUIRE(peer.error() == "");
  CHECK(peer.protocol() == "http/1.1");
  std::string text(5'000'000, 'x');
  for (size_t i = 0; i < text.size(); i += 7) text[i] = static_cast<char>('a' + i % 26);
  CHECK(peer.exchange(text) == text);
  CHECK(peer.exchange("a little more") == "a little more");
}

TEST_CASE("pieces of all sizes come whole and in order") {
  TestAuthority authority;
  EchoSite site(server_settings(authority.issue()));
  TlsPeer peer(site.port(), client_settings(authority));
  std::vector<std::string> parts;
  std::string all;
  for (size_t i = 0; i < 400; ++i) {
    parts.emplace_back(i % 40 == 39 ? 50'000 + i : i % 7 * i, static_cast<char>('a' + i % 26));
    all += parts.back();
  }
  const std::vector<std::string_view> pieces(parts.begin(), parts.end());
  CHECK(peer.exchange(pieces) == all);
}
