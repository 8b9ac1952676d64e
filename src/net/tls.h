// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "net/stream.h"
#include "weir/tls.h"

namespace weir::net {

// TLS (OpenSSL) over any stream. Certificates are read when this is made, and again as the settings say; a file that
// cannot be read later leaves what was read before in place.
//
// What is handed back is a Stream like any other: its shard is that of the stream below, closing it closes that one.

struct TlsAccepted {
  std::unique_ptr<Stream> stream;  // empty: see error
  std::string protocol;            // what ALPN chose: "h2", "http/1.1", or "" where the client offered nothing
  std::string error;               // "TLS handshake with 10.0.0.7:52114: no certificate"; for the log
};

// The server's side, shared by all connections of a listener; any shard's thread.
class TlsServer {
 public:
  struct Made {
    std::shared_ptr<TlsServer> server;  // empty: see error
    std::string error;  // in the collector's words: "failed to load TLS cert and key: open …: no such …"
  };
  using Done = absl::AnyInvocable<void(TlsAccepted)>;
  // `protocols`: what ALPN offers, best first.
  static Made make(const TlsServerSettings& settings, std::vector<std::string> protocols);
  virtual ~TlsServer() = default;
  // Does the handshake. `done` is called once on the stream's shard, with an error after `limit` at the latest.
  virtual void accept(std::unique_ptr<Stream> plain, Duration limit, Done done) = 0;
};

// The client's side; any shard's thread.
class TlsClient {
 public:
  struct Made {
    std::shared_ptr<TlsClient> client;
    std::string error;
  };
  using Done = absl::AnyInvocable<void(TlsAccepted)>;
  static Made make(const TlsClientSettings& settings, std::vector<std::string> protocols);
  virtual ~TlsClient() = default;
  // `host`: the name that the certificate must carry and that SNI says, unless server_name_override is set. `done` is
  // called once on the stream's shard, never inside this call. The caller watches the time: destroying the returned
  // handle ends the handshake, then `done` is not called.
  virtual std::shared_ptr<void> connect(std::unique_ptr<Stream> plain, const std::string& host, Done done) = 0;
};

}  // namespace weir::net
