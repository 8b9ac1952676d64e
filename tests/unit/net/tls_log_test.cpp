// SPDX-License-Identifier: Apache-2.0
// What the log hears of certificates.
#include <filesystem>

#include "kept_log.h"
#include "net/tls.h"
#include "support/certificates.h"
#include "tls_peer.h"

using namespace weir;
using namespace weir::net;
using namespace weir::net::test;
using weir::test::CertificateWish;
using weir::test::CertifiedKey;
using weir::test::TestAuthority;
using weir::test::TestDirectory;

namespace {

bool has(const std::string& text, std::string_view part) { return text.find(part) != text.npos; }

}  // namespace

TEST_CASE("files that change are told once, be they good or bad") {
  TestAuthority authority;
  TestDirectory directory;
  KeptLog log;
  const CertifiedKey first = authority.issue();
  const CertifiedKey second = authority.issue();
  TlsServerSettings settings;
  settings.cert_file = directory.write("cert.pem", first.certificate);
  settings.key_file = directory.write("key.pem", first.key);
  settings.reload_interval = std::chrono::nanoseconds(1);
  EchoSite site(settings, std::chrono::seconds(10), {}, {&log, "otlp"});
  const auto connect = [&] { CHECK(TlsPeer(site.port(), client_settings(authority)).error() == ""); };
  connect();
  CHECK(log.take().empty());

  directory.write("cert.pem", second.certificate);
  for (int i = 0; i < 3; ++i) connect();
  std::vector<std::string> lines = log.take();
  REQUIRE(lines.size() == 1);
  CHECK(lines[0].starts_with("warn otlp TLS certificates have changed and cannot be used; those from before stay"));
  CHECK(has(lines[0], "files=" + settings.cert_file + ", " + settings.key_file));
  CHECK(has(lines[0], "private key does not match public key"));

  std::filesystem::remove(settings.key_file);
  for (int i = 0; i < 3; ++i) connect();
  lines = log.take();
  REQUIRE(lines.size() == 1);
  CHECK(has(lines[0], "open " + settings.key_file + ": no such file or directory"));

  directory.write("key.pem", second.key);
  for (int i = 0; i < 3; ++i) connect();
  lines = log.take();
  REQUIRE(lines.size() == 1);
  CHECK(lines[0].starts_with("info otlp TLS certificates have changed and are used from now on"));
  CHECK(has(lines[0], "not_after=20"));

  directory.write("cert.pem", "");  // the same mistake, anew
  connect();
  directory.write("cert.pem", "\n");
  connect();
  CHECK(log.take().size() == 2);
}

TEST_CASE("certificates whose time is not now are told at the start and when they come") {
  TestAuthority authority;
  TestDirectory directory;
  KeptLog log;
  CertificateWish over;
  over.valid_from = -7200;
  over.valid_until = -3600;
  CertificateWish to_come;
  to_come.valid_from = 3600;
  to_come.valid_until = 7200;
  const CertifiedKey expired = authority.issue(over);
  const CertifiedKey early = authority.issue(to_come);

  TlsServerSettings server;
  server.cert_file = directory.write("cert.pem", expired.certificate);
  server.key_file = directory.write("key.pem", expired.key);
  server.client_ca_file = directory.write("clients.pem", early.certificate);
  REQUIRE(TlsServer::make(server, {}, {&log, "otlp"}).error == "");
  std::vector<std::string> lines = log.take();
  REQUIRE(lines.size() == 2);
  CHECK(lines[0].starts_with("warn otlp a TLS certificate has expired file=" + server.cert_file + " not_after=20"));
  CHECK(lines[0].ends_with("Z"));
  CHECK(lines[1].starts_with("warn otlp a TLS certificate is not valid yet file=" + server.client_ca_file +
                             " not_before=20"));

  TlsClientSettings client;
  client.ca_pem = authority.certificate() + expired.certificate;
  client.cert_pem = early.certificate;
  client.key_pem = early.key;
  REQUIRE(TlsClient::make(client, {}, {&log, "otlp_http"}).error == "");
  lines = log.take();
  REQUIRE(lines.size() == 2);
  CHECK(lines[0].starts_with("warn otlp_http a TLS certificate is not valid yet file=cert_pem"));
  CHECK(lines[1].starts_with("warn otlp_http a TLS certificate has expired file=ca_pem"));

  // One that is over comes in the place of a good one.
  const CertifiedKey good = authority.issue();
  directory.write("cert.pem", good.certificate);
  directory.write("key.pem", good.key);
  server.client_ca_file.clear();
  server.reload_interval = std::chrono::nanoseconds(1);
  EchoSite site(server, std::chrono::seconds(10), {}, {&log, "otlp"});
  CHECK(log.take().empty());
  directory.write("key.pem", expired.key);
  directory.write("cert.pem", expired.certificate);
  CHECK(TlsPeer(site.port(), client_settings(authority)).error() != "");
  lines = log.take();
  REQUIRE(lines.size() == 2);
  CHECK(lines[0].starts_with("info otlp TLS certificates have changed"));
  CHECK(lines[1].starts_with("warn otlp a TLS certificate has expired"));
}
