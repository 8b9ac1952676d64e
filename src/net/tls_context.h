// SPDX-License-Identifier: Apache-2.0
// For .cpp files of src/net only: what OpenSSL keeps for all connections of one side.
#pragma once

#include <openssl/ssl.h>

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "net/tls.h"

namespace weir::net {

template <auto kFree>
struct OpenSslFree {
  template <class T>
  void operator()(T* object) const {
    kFree(object);
  }
};
using SslPtr = std::unique_ptr<SSL, OpenSslFree<SSL_free>>;

// An SSL_CTX and what its callbacks refer to; connections hold it.
struct TlsContext {
  std::unique_ptr<SSL_CTX, OpenSslFree<SSL_CTX_free>> ctx;
  std::string protocols;  // of ALPN, in wire form
};

struct TlsContextMade {
  std::shared_ptr<TlsContext> context;  // empty: see error
  std::string error;                    // in the collector's words
};
TlsContextMade make_server_context(const TlsServerSettings& settings, const std::vector<std::string>& protocols);
TlsContextMade make_client_context(const TlsClientSettings& settings, const std::vector<std::string>& protocols);

// A context that is made anew when files have changed. Any thread.
class TlsContexts {
 public:
  using Make = std::function<TlsContextMade()>;
  // `warn`: looks at the dates of what was read.
  TlsContexts(Make make, TlsLog log, std::function<void()> warn)
      : make_(std::move(make)), log_(std::move(log)), warn_(std::move(warn)) {}
  // Looks at the file at most once per `every` (0: never), when a handshake asks. Before load().
  void watch(const std::string& path, Duration every);
  // The first context; the error where there is none.
  std::string load();
  std::shared_ptr<TlsContext> current();

 private:
  struct Watched {
    std::string path;
    Duration every;
    Duration next{0};  // steady time of the next look
    std::string seen;  // what told the file's state when the context was made
  };
  static std::string state_of(const std::string& path);
  bool changed(Duration now);
  std::string files() const;
  void tell_taken();
  void tell_unusable(const std::string& error, const std::vector<std::string>& states);

  const Make make_;
  const TlsLog log_;
  const std::function<void()> warn_;
  std::mutex mutex_;
  std::vector<Watched> watched_;         // guarded by mutex_
  std::shared_ptr<TlsContext> context_;  // guarded by mutex_
  std::string unusable_;                 // guarded by mutex_; what the log was told last
};

}  // namespace weir::net
