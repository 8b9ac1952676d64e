// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <sys/time.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

#include "raw_peer.h"
#include "support/certificates.h"

namespace weir::net::test {

// OpenSSL straight on a blocking socket: a peer that is not ours. Checks no certificates.
class StockTls {
 public:
  static StockTls connect(uint16_t port, std::string_view protocol) {
    StockTls peer(RawSocket::connect(port), TLS_client_method());
    std::string offered = static_cast<char>(protocol.size()) + std::string(protocol);
    const auto* bytes = reinterpret_cast<const unsigned char*>(offered.data());
    if (!protocol.empty()) SSL_set_alpn_protos(peer.ssl_.get(), bytes, static_cast<unsigned>(offered.size()));
    if (SSL_connect(peer.ssl_.get()) != 1) throw std::runtime_error("handshake failed");
    return peer;
  }
  static StockTls accept(RawSocket socket, const weir::test::CertifiedKey& own) {
    StockTls peer(std::move(socket), TLS_server_method());
    std::string text = own.certificate;
    std::unique_ptr<BIO, int (*)(BIO*)> bio(BIO_new_mem_buf(text.data(), -1), BIO_free);
    X509* certificate = PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr);
    SSL_use_certificate(peer.ssl_.get(), certificate);
    X509_free(certificate);
    std::string key_text = own.key;
    bio.reset(BIO_new_mem_buf(key_text.data(), -1));
    EVP_PKEY* key = PEM_read_bio_PrivateKey(bio.get(), nullptr, nullptr, nullptr);
    SSL_use_PrivateKey(peer.ssl_.get(), key);
    EVP_PKEY_free(key);
    if (SSL_accept(peer.ssl_.get()) != 1) throw std::runtime_error("handshake failed");
    return peer;
  }

  std::string protocol() const {
    const unsigned char* name = nullptr;
    unsigned length = 0;
    SSL_get0_alpn_selected(ssl_.get(), &name, &length);
    return name == nullptr ? "" : std::string(reinterpret_cast<const char*>(name), length);
  }
  bool write(std::string_view text) {
    return SSL_write(ssl_.get(), text.data(), static_cast<int>(text.size())) == static_cast<int>(text.size());
  }
  // What has come, or "" at the end.
  std::string read() {
    std::string into(30000, '\0');
    const int got = SSL_read(ssl_.get(), into.data(), static_cast<int>(into.size()));
    into.resize(got > 0 ? static_cast<size_t>(got) : 0);
    return into;
  }
  std::string read_until(std::string_view mark) {
    std::string all;
    for (std::string more = read(); !more.empty(); more = read()) {
      all += more;
      if (all.find(mark) != all.npos) break;
    }
    return all;
  }
  // Until nothing more fits into the sockets and the other side's buffers.
  void write_some_without_reading(std::string_view block) {
    const timeval patience{0, 300'000};
    ::setsockopt(socket_.fd(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    while (write(block)) {
    }
  }
  void ask_for_new_keys() { SSL_key_update(ssl_.get(), SSL_KEY_UPDATE_REQUESTED); }
  void say_goodbye() { SSL_shutdown(ssl_.get()); }
  void cut() { socket_.close(); }

 private:
  StockTls(RawSocket socket, const SSL_METHOD* method)
      : socket_(std::move(socket)), ctx_(SSL_CTX_new(method), SSL_CTX_free), ssl_(SSL_new(ctx_.get()), SSL_free) {
    SSL_set_fd(ssl_.get(), socket_.fd());
  }
  RawSocket socket_;
  std::unique_ptr<SSL_CTX, void (*)(SSL_CTX*)> ctx_;
  std::unique_ptr<SSL, void (*)(SSL*)> ssl_;
};

}  // namespace weir::net::test
