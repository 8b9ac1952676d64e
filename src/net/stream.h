// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <system_error>

#include "absl/functional/any_invocable.h"
#include "weir/shard.h"

namespace weir::net {

struct IoResult {
  size_t bytes = 0;            // read: what came, at least 1 where ok(); write: all that was asked, where ok()
  bool end = false;            // read: the peer has sent its last byte
  std::error_code error = {};  // set: the stream is of no more use
  bool ok() const { return !end && !error; }
};
using IoFn = absl::AnyInvocable<void(IoResult)>;

// A byte stream to a peer that belongs to one shard: everything is called, and calls back, on that shard's thread.
// Plain sockets now, TLS later; protocols are written over this. At most one read and one write are under way at a
// time. A callback never runs inside the call that it was given to. Closing or destroying the stream ends what is under
// way: its callbacks still come, with an error, so the bytes they point to must live until then (let the callback hold
// the owner).
class Stream {
 public:
  virtual ~Stream() = default;
  // Reads what is there, at most `room` bytes, waiting for the first.
  virtual void read(char* into, size_t room, IoFn done) = 0;
  // Writes all pieces. Their bytes stay valid until `done`; the span itself need not.
  virtual void write(std::span<const std::string_view> pieces, IoFn done) = 0;
  // Says "no more bytes from here" and keeps reading possible: for a last answer to a peer that is still sending, whose
  // unread bytes would turn a close() into a reset that takes the answer with it.
  virtual void shutdown_write() = 0;
  virtual void close() = 0;
  virtual const std::string& peer() const = 0;  // "address:port"; "unix" for a Unix socket
  virtual Shard& shard() const = 0;
};

}  // namespace weir::net
