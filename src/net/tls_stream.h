// SPDX-License-Identifier: Apache-2.0
// For .cpp files of src/net only: one TLS connection over a stream.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "net/stream.h"
#include "net/tls_context.h"

namespace weir::net {

// First the handshake, then a Stream's reads and writes (see make_tls_stream), or the last words of a handshake that
// failed. OpenSSL reads from `input_` and writes to `sealed_` and never waits: reading and writing do not hinder one
// another. Callbacks of the stream below hold this, and those of the user: what never ends, because its loop did, must
// not keep itself alive.
class TlsChannel : public std::enable_shared_from_this<TlsChannel> {
 public:
  // `ssl` is told already which side it is.
  TlsChannel(std::shared_ptr<TlsContext> context, SslPtr ssl, std::unique_ptr<Stream> below);
  ~TlsChannel();

  // `done` is called once, with "" or what went wrong; not inside the call, not after close().
  using Done = absl::AnyInvocable<void(std::string error)>;
  void handshake(Done done);
  // The first bytes that the peer has sent, up to five.
  std::string_view opening() const { return opening_; }
  // What ALPN chose.
  std::string protocol() const;
  // After a handshake that failed: sends `words`, or the alert where there are none, and what the peer still sends is
  // read and forgotten until its end (a close() at once could take the words back) or close().
  void linger(std::string words);

  void read(char* into, size_t room, IoFn done);
  void write(std::span<const std::string_view> pieces, IoFn done);
  void shutdown_write();
  void close();
  const Stream& below() const { return *below_; }

 private:
  enum class State : uint8_t { kHandshake, kOpen, kLingering, kClosed };
  struct Reader {
    char* into = nullptr;
    size_t room = 0;
    IoFn done;  // set while the read is looked at; else whatever goes on below carries it
  };
  struct Writer {
    std::vector<std::string_view> pieces;
    size_t piece = 0;  // the next to be sealed, from `offset` on
    size_t offset = 0;
    size_t bytes = 0;
    IoFn done;  // as the reader's
    bool sealed_all() const { return piece == pieces.size(); }
  };
  static BIO* make_bio(TlsChannel* channel);

  void step();
  std::string why_handshake_failed(int outcome) const;
  void read_below();
  void on_below_read(IoResult result);
  void forget(size_t bytes);
  void advance_read();
  IoResult read_outcome(int why);
  void finish_read(IoResult result);
  void seal();
  std::string_view next_record();
  void flush();
  void on_below_written(IoResult result);
  void say_goodbye();
  void finish_write(IoResult result);

  const std::shared_ptr<TlsContext> context_;
  SslPtr ssl_;  // null after a handshake that failed
  const std::unique_ptr<Stream> below_;
  State state_ = State::kHandshake;
  Done handshake_done_;
  std::string opening_;

  std::unique_ptr<char[]> buffer_;  // for reads of the stream below
  size_t buffer_size_ = 0;
  std::string_view input_;  // of it, what OpenSSL has not taken yet
  bool reading_below_ = false;
  bool below_ended_ = false;
  std::error_code below_error_;
  Reader reader_;
  std::optional<IoResult> read_end_;  // how reading has ended
  size_t forgotten_ = 0;

  std::string sealed_;   // records to be written
  std::string sending_;  // records that are being written
  bool writing_below_ = false;
  std::weak_ptr<IoFn> carried_;  // of the write below: the place for `done` of the user's
  Writer writer_;
  std::error_code write_error_;
  bool shutdown_wanted_ = false;
  bool said_goodbye_ = false;
};

// A channel after its handshake.
std::unique_ptr<Stream> make_tls_stream(std::shared_ptr<TlsChannel> channel);

}  // namespace weir::net
