// SPDX-License-Identifier: Apache-2.0
// For .cpp files of src/net only: a stream and the protocol spoken on it.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "net/server_session.h"
#include "net/stream.h"

namespace weir::net {

// One accepted connection: reads into a buffer that grows with the traffic, feeds the session, writes what it has to
// say, and ends without taking the last answer back (no reset while the peer still sends). Lives on its shard;
// callbacks hold it.
class ServerConnection : public std::enable_shared_from_this<ServerConnection> {
 public:
  ServerConnection(std::unique_ptr<Stream> stream, SessionEnv env, ServerProtocol protocol, Time now);
  void start();
  void on_tick(Time now);
  void drain();
  void end();    // closes; what the protocol has to say of it goes as far as the socket takes it at once
  void close();  // at once
  bool closed() const { return state_ == State::kClosed; }

 private:
  enum class State : uint8_t {
    kOpen,
    kLingering,  // everything is said; what the peer still sends is read and forgotten
    kClosed,
  };
  static constexpr size_t kFirstBuffer = 8 << 10;
  static constexpr size_t kLargestBuffer = 256 << 10;
  static constexpr size_t kMostUnsent = 1 << 20;  // a peer that does not read its answers is not read either
  static constexpr uint64_t kLingerBytes = 16 << 20;
  static constexpr Duration kLingerTime = std::chrono::seconds(2);
  static constexpr Duration kSilence = std::chrono::seconds(60);  // at the beginning

  void read();
  void on_read(IoResult result);
  void take(std::string_view bytes);
  bool choose_protocol(std::string_view bytes);
  void adapt_buffer(size_t read);
  void flush();
  void on_written(IoResult result);
  void linger();

  std::unique_ptr<Stream> stream_;
  SessionEnv env_;  // moved into the session when that is made
  ServerProtocol protocol_;
  Duration write_timeout_;
  std::shared_ptr<ServerSession> session_;
  std::string opening_;  // bytes that do not yet tell HTTP/1 from HTTP/2
  std::unique_ptr<char[]> buffer_;
  size_t buffer_size_ = kFirstBuffer;
  uint32_t small_reads_ = 0;
  std::string unsent_;
  std::string sending_;
  State state_ = State::kOpen;
  bool reading_ = false;
  bool busy_ = false;  // inside the session: output waits
  Time now_;
  const Duration begun_;
  Duration progress_;  // when a write last ended, or began on an idle connection
  Duration lingering_since_{0};
  uint64_t lingered_ = 0;
};

}  // namespace weir::net
