// SPDX-License-Identifier: Apache-2.0
// What is refused when TLS is made, and files that change later.
#include <filesystem>

#include "net/tls.h"
#include "support/certificates.h"
#include "tls_peer.h"

using namespace weir;
using namespace weir::net;
using namespace weir::net::test;
using weir::test::CertifiedKey;
using weir::test::TestAuthority;
using weir::test::TestDirectory;

namespace {

// The error of a server with these settings, without what all have in common.
std::string refusal(const TlsServerSettings& settings) {
  const TlsServer::Made made = TlsServer::make(settings, {"h2"});
  CHECK_FALSE(made.server);
  constexpr std::string_view kPrefix = "failed to load TLS config: ";
  CHECK(made.error.starts_with(kPrefix));
  return made.error.substr(std::min(kPrefix.size(), made.error.size()));
}

}  // namespace

TEST_CASE("settings that cannot be used are refused in the collector's words") {
  TestAuthority authority;
  const CertifiedKey own = authority.issue();
  const TlsServerSettings good = server_settings(own);
  CHECK(TlsServer::make(good, {"h2"}).error == "");
  CHECK(refusal({}) == "TLS configuration must include both certificate and key for server connections");

  TlsServerSettings s = good;
  s.min_version = "1.4";
  CHECK(refusal(s) == "invalid TLS min_version: unsupported TLS version: \"1.4\"");
  s = good;
  s.max_version = "tls";
  CHECK(refusal(s) == "invalid TLS max_version: unsupported TLS version: \"tls\"");
  s = good;
  s.cipher_suites = {"TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "TLS_RSA_WITH_AES_128_CBC_SHA"};
  CHECK(refusal(s) == "invalid TLS cipher suite: \"TLS_RSA_WITH_AES_128_CBC_SHA\"");
  s.include_insecure_cipher_suites = true;
  CHECK(TlsServer::make(s, {}).error == "");
  s.cipher_suites = {"ECDHE-RSA-AES128-GCM-SHA256"};
  CHECK(refusal(s) == "invalid TLS cipher suite: \"ECDHE-RSA-AES128-GCM-SHA256\"");
  s = good;
  s.curve_preferences = {"P256", "P-384"};
  CHECK(refusal(s) == "invalid curve type: P-384. Expected values are [P256 P384 P521 X25519 X25519MLKEM768]");
  s.curve_preferences = {"X25519MLKEM768"};
  CHECK(refusal(s).find("X25519MLKEM768 is not supported") != std::string::npos);
}

TEST_CASE("certificates, keys and authorities that cannot be read") {
  TestAuthority authority;
  TestDirectory directory;
  const CertifiedKey own = authority.issue();
  const CertifiedKey other = authority.issue();
  const TlsServerSettings good = server_settings(own);
  const std::string missing = directory.path() + "/none.pem";
  const std::string pair = "failed to load TLS cert and key: ";

  TlsServerSettings s = good;
  s.key_pem.clear();
  CHECK(refusal(s) == pair + "for auth via TLS, provide both certificate and key, or neither");
  s.key_file = missing;
  CHECK(refusal(s) == pair + "open " + missing + ": no such file or directory");
  s.key_file = directory.path();
  CHECK(refusal(s) == pair + "open " + directory.path() + ": is a directory");
  s.key_file = directory.write("key.pem", other.key);
  CHECK(refusal(s) == pair + "failed to load TLS cert and key PEMs: tls: private key does not match public key");
  s.key_file = directory.write("key.pem", "no key");
  CHECK(refusal(s) == pair + "failed to load TLS cert and key PEMs: tls: failed to find any PEM data in key input");
  s = good;
  s.cert_pem = "no certificate";
  CHECK(refusal(s) ==
        pair + "failed to load TLS cert and key PEMs: tls: failed to find any PEM data in certificate input");

  s = good;
  s.ca_file = missing;
  CHECK(refusal(s) == "failed to load CA CertPool File: failed to load CA " + missing + ": open " + missing +
                          ": no such file or directory");
  s.ca_file = directory.write("ca.pem", "");
  CHECK(refusal(s) == "failed to load CA CertPool File: failed to parse CA " + s.ca_file);
  s = good;
  s.client_ca_file = missing;
  CHECK(refusal(s) == "failed to load CA " + missing + ": open " + missing + ": no such file or directory");

  TlsClientSettings client;
  client.ca_pem = "nothing";
  CHECK(TlsClient::make(client, {}).error ==
        "failed to load TLS config: failed to load CA CertPool PEM: failed to parse CA");
}

TEST_CASE("a chain of certificates is sent whole") {
  TestAuthority root("root");
  const weir::test::TestAuthority middle(root, "middle");
  const CertifiedKey own = middle.issue();
  TlsServerSettings server = server_settings(own);
  {
    EchoSite site(server);
    CHECK(TlsPeer(site.port(), client_settings(root)).error() ==
          "tls: failed to verify certificate: unable to get local issuer certificate");
  }
  server.cert_pem += middle.certificate();
  EchoSite site(server);
  CHECK(TlsPeer(site.port(), client_settings(root)).error() == "");
}

TEST_CASE("changed files are read again, and bad ones leave the old in place") {
  TestAuthority before("before");
  TestAuthority after("after");
  TestDirectory directory;
  const CertifiedKey first = before.issue();
  const CertifiedKey second = after.issue();
  TlsServerSettings settings;
  settings.cert_file = directory.write("cert.pem", first.certificate);
  settings.key_file = directory.write("key.pem", first.key);
  settings.reload_interval = std::chrono::nanoseconds(1);
  EchoSite site(settings);
  TlsPeer kept(site.port(), client_settings(before));
  CHECK(kept.error() == "");
  directory.write("cert.pem", second.certificate);  // its key is not there yet
  CHECK(TlsPeer(site.port(), client_settings(before)).error() == "");
  std::filesystem::remove(settings.key_file);
  CHECK(TlsPeer(site.port(), client_settings(before)).error() == "");
  directory.write("key.pem", second.key);
  CHECK(TlsPeer(site.port(), client_settings(after)).error() == "");
  CHECK(TlsPeer(site.port(), client_settings(before)).error() != "");
  CHECK(kept.exchange("still here") == "still here");
}

TEST_CASE("a client's files are read again too, and nothing is without an interval") {
  TestAuthority before("before");
  TestAuthority after("after");
  TestDirectory directory;
  EchoSite site(server_settings(after.issue()));
  for (const bool reloads : {true, false}) {
    TlsClientSettings settings;
    settings.ca_file = directory.write("ca.pem", before.certificate());
    if (reloads) settings.reload_interval = std::chrono::nanoseconds(1);
    const auto client = TlsClient::make(settings, {}).client;
    CHECK(TlsPeer(site.port(), client).error() != "");
    directory.write("ca.pem", after.certificate());
    CHECK(TlsPeer(site.port(), client).error().empty() == reloads);
  }
}

TEST_CASE("the authorities of clients are read again within a second or so") {
  TestAuthority authority;
  TestAuthority before("before");
  TestAuthority after("after");
  TestDirectory directory;
  TlsServerSettings server = server_settings(authority.issue());
  server.client_ca_file = directory.write("clients.pem", before.certificate());
  server.client_ca_file_reload = true;
  EchoSite site(server);
  const auto takes = [&](const TestAuthority& clients) {
    const CertifiedKey own = clients.issue({"client", {}});
    TlsClientSettings settings = client_settings(authority);
    settings.cert_pem = own.certificate;
    settings.key_pem = own.key;
    TlsPeer peer(site.port(), settings);
    std::string text;
    return peer.error().empty() && peer.write("x").ok() && peer.read(text).ok();
  };
  CHECK(takes(before));
  directory.write("clients.pem", after.certificate());
  poll_until([&] { return takes(after); });
  CHECK_FALSE(takes(before));
}
