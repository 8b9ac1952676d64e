// SPDX-License-Identifier: Apache-2.0
#include "net/tls.h"

#include <atomic>
#include <thread>

#include "raw_peer.h"
#include "stock_tls.h"
#include "support/certificates.h"
#include "tls_peer.h"

using namespace weir;
using namespace weir::net;
using namespace weir::net::test;
using weir::test::CertificateWish;
using weir::test::CertifiedKey;
using weir::test::TestAuthority;

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
  const IoResult nothing = peer.write("");
  CHECK((nothing.ok() && nothing.bytes == 0));
}

TEST_CASE("the name that the certificate must carry") {
  TestAuthority authority;
  EchoSite site(server_settings(authority.issue({"localhost", {"DNS:tempo.test", "DNS:*.wild.test", "IP:127.0.0.1"}})));
  const auto error_with = [&](const std::string& host, const std::string& name_override = "") {
    TlsClientSettings settings = client_settings(authority);
    settings.server_name_override = name_override;
    return TlsPeer(site.port(), settings, host).error();
  };
  CHECK(error_with("tempo.test") == "");
  CHECK(error_with("a.wild.test") == "");
  CHECK(error_with("127.0.0.1") == "");
  CHECK(error_with("elsewhere.test", "tempo.test") == "");
  CHECK(error_with("elsewhere.test", "127.0.0.1") == "");
  CHECK(error_with("tempo.test.") == "");  // a name that no search list completes
  CHECK(error_with("elsewhere.test.") == "tls: failed to verify certificate: hostname mismatch");
  CHECK(error_with("tempo.test", "elsewhere.test") == "tls: failed to verify certificate: hostname mismatch");
  CHECK(error_with("localhost") == "tls: failed to verify certificate: hostname mismatch");  // its common name
  CHECK(error_with("127.0.0.2") == "tls: failed to verify certificate: IP address mismatch");
}

TEST_CASE("certificates that must not be trusted, unless it is asked for") {
  TestAuthority authority;
  TestAuthority stranger("stranger");
  const auto error_with = [&](const CertifiedKey& own, bool skip_verify) {
    EchoSite site(server_settings(own));
    TlsClientSettings settings = client_settings(authority);
    settings.insecure_skip_verify = skip_verify;
    TlsPeer peer(site.port(), settings);
    if (peer.error().empty()) CHECK(peer.exchange("works") == "works");
    return peer.error();
  };
  CertificateWish old;
  old.valid_from = -1000;
  old.valid_until = -500;
  CertificateWish early;
  early.valid_from = 500;
  CHECK(error_with(authority.issue(), false) == "");
  CHECK(error_with(authority.issue(old), false) == "tls: failed to verify certificate: certificate has expired");
  CHECK(error_with(authority.issue(early), false) == "tls: failed to verify certificate: certificate is not yet valid");
  CHECK(error_with(stranger.issue(), false) ==
        "tls: failed to verify certificate: unable to get local issuer certificate");
  CHECK(error_with(stranger.issue(old), true) == "");
}

TEST_CASE("a server's own certificate may be what is trusted, and other authorities beside it") {
  TestAuthority authority;
  TestAuthority other("other");
  const CertifiedKey own = authority.issue();
  EchoSite site(server_settings(own));
  TlsClientSettings settings;
  settings.ca_pem = own.certificate;
  CHECK(TlsPeer(site.port(), settings).error() == "");
  settings.ca_pem = other.certificate() + "\nsome words\n" + authority.certificate();
  settings.include_system_ca_certs_pool = true;
  CHECK(TlsPeer(site.port(), settings).error() == "");
  settings.ca_pem.clear();  // the system's alone
  CHECK(TlsPeer(site.port(), settings).error() ==
        "tls: failed to verify certificate: unable to get local issuer certificate");
}

TEST_CASE("versions") {
  TestAuthority authority;
  const auto works = [&](const char* server_min, const char* server_max, const char* client_min,
                         const char* client_max) {
    TlsServerSettings server = server_settings(authority.issue());
    server.min_version = server_min;
    server.max_version = server_max;
    TlsClientSettings client = client_settings(authority);
    client.min_version = client_min;
    client.max_version = client_max;
    EchoSite site(server);
    TlsPeer peer(site.port(), client);
    if (peer.error().empty()) CHECK(peer.exchange(std::string(100'000, 'v')).size() == 100'000);
    return peer.error().empty();
  };
  CHECK(works("", "", "", "1.2"));
  CHECK(works("", "1.2", "", ""));
  CHECK(works("1.3", "", "", ""));
  CHECK_FALSE(works("1.3", "", "", "1.2"));
  CHECK_FALSE(works("", "", "1.0", "1.1"));  // 1.2 is the least by default
  CHECK_FALSE(works("1.0", "1.1", "", ""));
  CHECK(works("1.0", "", "1.0", "1.0"));
  CHECK(works("1.1", "1.1", "1.0", ""));
}

TEST_CASE("cipher suites and curves") {
  TestAuthority authority;
  const auto works = [&](std::vector<std::string> server_suites, std::vector<std::string> client_suites,
                         std::vector<std::string> server_curves = {}, std::vector<std::string> client_curves = {}) {
    TlsServerSettings server = server_settings(authority.issue());
    if (server_curves.empty()) server.max_version = "1.2";  // suites of TLS 1.3 are not chosen
    server.include_insecure_cipher_suites = true;
    server.cipher_suites = std::move(server_suites);
    server.curve_preferences = std::move(server_curves);
    TlsClientSettings client = client_settings(authority);
    client.cipher_suites = std::move(client_suites);
    client.curve_preferences = std::move(client_curves);
    EchoSite site(server);
    return TlsPeer(site.port(), client).error().empty();
  };
  const std::string aes128 = "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256";
  const std::string aes256 = "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384";
  CHECK(works({aes128}, {}));
  CHECK(works({aes128, "TLS_AES_128_GCM_SHA256"}, {aes256, aes128}));
  CHECK_FALSE(works({aes128}, {aes256}));
  CHECK_FALSE(works({"TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256"}, {aes128}));
  CHECK(works({}, {}, {"P384", "P256"}, {"X25519", "P384"}));
  CHECK(works({}, {}, {"P384"}, {"X25519MLKEM768", "P384"}));
  CHECK_FALSE(works({}, {}, {"P384"}, {"P256", "P521"}));
}

TEST_CASE("ALPN") {
  TestAuthority authority;
  const auto chosen = [&](std::vector<std::string> server, std::vector<std::string> client) {
    EchoSite site(server_settings(authority.issue()), std::chrono::seconds(10), std::move(server));
    TlsPeer peer(site.port(), client_settings(authority), "localhost", std::move(client));
    return peer.error().empty() ? "[" + peer.protocol() + "]" : peer.error();
  };
  CHECK(chosen({"h2", "http/1.1"}, {"http/1.1", "h2"}) == "[h2]");
  CHECK(chosen({"h2", "http/1.1"}, {"http/1.1"}) == "[http/1.1]");
  CHECK(chosen({"h2"}, {}) == "[]");
  CHECK(chosen({}, {"h2"}) == "[]");
  CHECK(chosen({"h2"}, {"http/1.1"}) == "tls: tlsv1 alert no application protocol");
}

TEST_CASE("mutual TLS") {
  TestAuthority authority;
  TestAuthority clients("clients");
  weir::test::TestDirectory directory;
  for (const char* version : {"1.2", "1.3"}) {
    CAPTURE(version);
    TlsServerSettings server = server_settings(authority.issue());
    server.client_ca_file = directory.write("clients.pem", clients.certificate());
    server.max_version = version;
    EchoSite site(server);
    // Under TLS 1.3 a client learns of its refusal when it first reads.
    const auto error_with = [&](const CertifiedKey* own) {
      TlsClientSettings settings = client_settings(authority);
      if (own != nullptr) settings.cert_pem = own->certificate;
      if (own != nullptr) settings.key_pem = own->key;
      TlsPeer peer(site.port(), settings);
      if (!peer.error().empty()) return peer.error();
      peer.write("x");
      std::string text;
      const IoResult result = peer.read(text);
      return result.error ? result.error.message() : text;
    };
    const CertifiedKey good = clients.issue({"client", {}});
    const CertifiedKey bad = authority.issue({"client", {}});
    CHECK(error_with(&good) == "x");
    CHECK(error_with(nullptr) == (std::string(version) == "1.3" ? "tls: tlsv13 alert certificate required"
                                                                : "tls: sslv3 alert handshake failure"));
    CHECK(site.next_error().find(": tls: peer did not return a certificate") != std::string::npos);
    CHECK(error_with(&bad) == "tls: tlsv1 alert unknown ca");
    const std::string error = site.next_error();
    CHECK(error.starts_with("TLS handshake with 127.0.0.1:"));
    CHECK(error.find(": tls: failed to verify certificate: ") != std::string::npos);
  }
}

TEST_CASE("what strangers say to a TLS port") {
  TestAuthority authority;
  EchoSite site(server_settings(authority.issue()));
  const std::string words = "HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n";
  for (const char* request : {"GET / HTTP/1.1\r\n\r\n", "POST /v1/traces HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc",
                              "OPTIONS * HTTP/1.1\r\n\r\n"}) {
    CAPTURE(request);
    RawSocket peer = RawSocket::connect(site.port());
    peer.send(request);
    CHECK(peer.read_to_end() == words);
    CHECK(site.next_error().starts_with("TLS handshake with 127.0.0.1:"));
  }
  for (const std::string& noise : {std::string("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), std::string(100, '\0'),
                                   std::string("\x16\x03\x01\xff\xff", 5), std::string(70'000, 'n')}) {
    RawSocket peer = RawSocket::connect(site.port());
    peer.send(noise);
    CHECK(peer.read_to_end().size() < 20);  // an alert at most
    CHECK(site.next_error() != "");
  }
  RawSocket probe = RawSocket::connect(site.port());
  probe.close();
  CHECK(site.next_error().ends_with(": EOF"));
}

TEST_CASE("a handshake has a limit, and its end is the connection's") {
  TestAuthority authority;
  EchoSite site(server_settings(authority.issue()), std::chrono::milliseconds(100));
  for (const std::string& opening : {std::string(), std::string("\x16\x03\x01\x02\x00\x01", 6)}) {
    RawSocket slow = RawSocket::connect(site.port());
    slow.send(opening);
    CHECK(site.next_error().ends_with(": timed out"));
    CHECK(slow.read_to_end() == "");
  }
  EchoSite patient(server_settings(authority.issue()));
  RawSocket dropped = RawSocket::connect(patient.port());
  dropped.send(std::string("\x16\x03\x01\x02\x00\x01", 6));
  poll_until([&] { return patient.connections() == 1; });
  poll_until([&] { return patient.stop_shaking() > 0; });
  CHECK(dropped.read_to_end() == "");
  poll_until([&] { return patient.connections() == 0; });
}

TEST_CASE("how a stream ends") {
  TestAuthority authority;
  EchoSite site(server_settings(authority.issue()));
  {
    TlsPeer peer(site.port(), client_settings(authority));
    CHECK(peer.exchange("hello") == "hello");
    peer.close();
    CHECK(site.next_end().end);
    std::string text;
    CHECK(peer.read(text).error);
    CHECK(peer.write("x").error);
  }
  {
    StockTls cut = StockTls::connect(site.port(), "");
    cut.write("hello");
    CHECK(cut.read() == "hello");
    cut.cut();  // without a goodbye
    CHECK(site.next_end().end);
  }
  {
    TlsPeer peer(site.port(), client_settings(authority));
    CHECK(peer.write("last words").ok());
    peer.shutdown_write();
    CHECK(peer.write("too late").error);
    std::string text;
    CHECK(peer.read(text).ok());
    CHECK(text == "last words");
    CHECK(peer.read(text).end);
    CHECK(site.next_end().end);
  }
  poll_until([&] { return site.connections() == 0; });
}

TEST_CASE("a client is told when the connection is cut") {
  TestAuthority authority;
  const CertifiedKey own = authority.issue();
  for (const bool goodbye : {true, false}) {
    CAPTURE(goodbye);
    RawServer server([&](RawSocket& socket, int) {
      StockTls peer = StockTls::accept(std::move(socket), own);
      peer.read();
      peer.write("half of it");
      if (goodbye) peer.say_goodbye();
    });
    TlsPeer peer(server.port(), client_settings(authority));
    CHECK(peer.write("x").ok());
    std::string text;
    CHECK(peer.read(text).ok());
    CHECK(text == "half of it");
    const IoResult end = peer.read(text);
    CHECK(end.end == goodbye);
    if (!goodbye) CHECK(end.error.message() == "tls: unexpected eof while reading");
  }
}

TEST_CASE("closing ends what is under way") {
  TestAuthority authority;
  EchoSite site(server_settings(authority.issue()));
  TlsPeer peer(site.port(), client_settings(authority));
  const auto [read, written] = peer.close_while_busy(std::string(30'000'000, 'b'));
  CHECK(read.error);
  CHECK(written.error);
}

TEST_CASE("new keys in the middle of a stream") {
  TestAuthority authority;
  EchoSite site(server_settings(authority.issue()));
  StockTls peer = StockTls::connect(site.port(), "h2");
  CHECK(peer.protocol() == "h2");
  for (int i = 0; i < 5; ++i) {
    peer.ask_for_new_keys();
    REQUIRE(peer.write("round " + std::to_string(i) + "."));
    CHECK(peer.read_until(".") == "round " + std::to_string(i) + ".");
  }
}

TEST_CASE("loops that stop in the middle of reads, writes and handshakes leave nothing behind") {
  TestAuthority authority;
  auto site = std::make_unique<EchoSite>(server_settings(authority.issue()));
  TlsPeer reading(site->port(), client_settings(authority));
  CHECK(reading.exchange("x") == "x");
  StockTls unread = StockTls::connect(site->port(), "");  // its echo fills the sockets and stays in a write
  const std::string block(100'000, 'u');
  unread.write_some_without_reading(block);
  RawSocket begun = RawSocket::connect(site->port());
  begun.send(std::string("\x16\x03\x01\x02\x00\x01", 6));
  RawSocket told = RawSocket::connect(site->port());  // lingers
  told.send("GET / HTTP/1.1\r\n\r\n");
  CHECK(site->next_error() != "");
  site.reset();
  std::string text;
  CHECK_FALSE(reading.read(text).ok());
}

TEST_CASE("many clients that come and go at any moment") {
  TestAuthority authority;
  EchoSite site(server_settings(authority.issue()));
  std::atomic<int> echoed{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 40; ++i) {
        const int what = (i * 7 + t) % 5;
        if (what == 0) {
          RawSocket peer = RawSocket::connect(site.port());
          peer.send(std::string("\x16\x03\x01\x02\x00\x01", 6));
          continue;
        }
        StockTls peer = StockTls::connect(site.port(), what == 1 ? "h2" : "");
        peer.write(std::string(static_cast<size_t>(1 + what * 9000), 'm'));
        if (what == 2) peer.cut();
        if (what == 3) peer.say_goodbye();
        if (what == 4 && !peer.read().empty()) ++echoed;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  poll_until([&] { return site.connections() == 0; });
  CHECK(echoed == 32);
  TlsPeer last(site.port(), client_settings(authority));
  CHECK(last.exchange("still there") == "still there");
}
