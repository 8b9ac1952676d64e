// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "loop_fixture.h"
#include "net/listener.h"
#include "net/tls.h"
#include "support/certificates.h"

namespace weir::net::test {

inline TlsServerSettings server_settings(const weir::test::CertifiedKey& own) {
  TlsServerSettings settings;
  settings.cert_pem = own.certificate;
  settings.key_pem = own.key;
  return settings;
}

inline TlsClientSettings client_settings(const weir::test::TestAuthority& authority) {
  TlsClientSettings settings;
  settings.ca_pem = authority.certificate();
  return settings;
}

// A TLS server that sends back what comes, and says what became of its handshakes and streams.
class EchoSite {
 public:
  explicit EchoSite(const TlsServerSettings& settings, Duration limit = std::chrono::seconds(10),
                    std::vector<std::string> protocols = {"h2", "http/1.1"}, TlsLog log = {});
  ~EchoSite();
  uint16_t port() const { return listener_->port(); }
  Shard& shard() { return world_.loops.at(0); }
  uint32_t connections();                              // counted by the shard
  std::string next_error() { return errors_.next(); }  // of a handshake
  IoResult next_end() { return ends_.next(); }         // of a stream: its last read
  // Ends the handshakes that are under way; says how many there have been.
  size_t stop_shaking() {
    return on(shard(), [&] { return std::exchange(handshakes_, {}).size(); });
  }

 private:
  template <class T>
  class Queue {
   public:
    void push(T value) {
      std::lock_guard lock(mutex_);
      all_.push_back(std::move(value));
      changed_.notify_all();
    }
    T next() {
      std::unique_lock lock(mutex_);
      if (!changed_.wait_for(lock, kDeadline, [&] { return !all_.empty(); })) FAIL("nothing came before the deadline");
      T first = std::move(all_.front());
      all_.erase(all_.begin());
      return first;
    }

   private:
    std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<T> all_;
  };
  struct Echo;

  Loops world_{1};
  std::shared_ptr<TlsServer> tls_;
  std::unique_ptr<Listener> listener_;
  std::vector<TlsHandshake> handshakes_;  // the shard's
  Queue<std::string> errors_;
  Queue<IoResult> ends_;
};

template <class Condition>
void poll_until(Condition condition) {
  const auto end = std::chrono::steady_clock::now() + kDeadline;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) FAIL("nothing changed before the deadline");
    std::this_thread::yield();
  }
}

// A TLS client on a loop of its own, called from the test's thread.
class TlsPeer {
 public:
  TlsPeer(uint16_t port, const TlsClientSettings& settings, std::string host = "localhost",
          std::vector<std::string> protocols = {"http/1.1"});
  TlsPeer(uint16_t port, std::shared_ptr<TlsClient> tls, const std::string& host = "localhost");
  ~TlsPeer();
  const std::string& error() const { return error_; }
  const std::string& protocol() const { return protocol_; }
  // Sends and reads until as much has come back.
  std::string exchange(const std::vector<std::string_view>& pieces);
  std::string exchange(std::string_view text) { return exchange(std::vector<std::string_view>{text}); }
  IoResult write(std::string_view text);
  IoResult read(std::string& into);  // once
  void shutdown_write();
  void close();
  // Begins to read and to write, and closes; gives what became of the two.
  std::pair<IoResult, IoResult> close_while_busy(std::string_view text);

 private:
  void connect(uint16_t port, const std::string& host);

  Loops world_{1};
  std::shared_ptr<TlsClient> tls_;
  TlsHandshake handshake_;
  std::shared_ptr<Stream> stream_;
  std::string error_, protocol_;
};

}  // namespace weir::net::test
