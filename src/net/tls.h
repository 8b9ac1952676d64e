// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "net/stream.h"
#include "weir/log.h"
#include "weir/tls.h"

namespace weir::net {

// TLS (OpenSSL) over any stream. Certificates are read when this is made, and again as the settings say, at a
// handshake; files that cannot be read or used then leave in place what was read before.
//
// What is handed back is a Stream like any other: its shard is that of the stream below, closing it closes that one.
// Streams belong to shards of EventLoops.

// Who hears of certificates: of files that have changed and are used from now on, or cannot be used (a warning for each
// change), and of certificates whose time is over or has not come (a warning when they are read).
struct TlsLog {
  Log* to = nullptr;  // outlives what it is given to
  std::string component;
};

// The warnings about the dates of what the settings name; files that cannot be read are left out.
void warn_of_dates(const TlsSettings& settings, const std::string& client_ca_file, const TlsLog& log);

struct TlsAccepted {
  std::unique_ptr<Stream> stream;  // empty: see error
  std::string protocol;            // what ALPN chose: "h2", "http/1.1", or "" where the client offered nothing
  std::string error;               // server: "TLS handshake with 10.0.0.7:52114: …", for the log; client: "tls: …"
};
using TlsDone = absl::AnyInvocable<void(TlsAccepted)>;

// A handshake under way. Destroying it (on the stream's shard) ends the handshake; its `done` is then not called.
using TlsHandshake = std::shared_ptr<void>;

// The server's side, shared by all connections of a listener; any shard's thread.
class TlsServer {
 public:
  struct Made {
    std::shared_ptr<TlsServer> server;  // empty: see error
    std::string error;  // in the collector's words: "failed to load TLS config: failed to load TLS cert and key: …"
  };
  // `protocols`: what ALPN offers, best first.
  static Made make(const TlsServerSettings& settings, std::vector<std::string> protocols, TlsLog log = {});
  virtual ~TlsServer() = default;
  // Does the handshake. `done` is called once on the stream's shard, never inside this call, with an error after
  // `limit` at the latest. A client that speaks plain HTTP is told so.
  virtual TlsHandshake accept(std::unique_ptr<Stream> plain, Duration limit, TlsDone done) = 0;
};

// The client's side; any shard's thread.
class TlsClient {
 public:
  struct Made {
    std::shared_ptr<TlsClient> client;
    std::string error;
  };
  // `insecure` does not matter here: whoever makes a client wants TLS.
  static Made make(const TlsClientSettings& settings, std::vector<std::string> protocols, TlsLog log = {});
  virtual ~TlsClient() = default;
  // `host`: the name or address that the certificate must carry and that SNI says, unless server_name_override is set.
  // `done` is called once on the stream's shard, never inside this call. The caller watches the time.
  virtual TlsHandshake connect(std::unique_ptr<Stream> plain, const std::string& host, TlsDone done) = 0;
};

}  // namespace weir::net
