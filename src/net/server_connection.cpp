// SPDX-License-Identifier: Apache-2.0
#include "net/server_connection.h"

#include <algorithm>
#include <utility>

namespace weir::net {

ServerConnection::ServerConnection(std::unique_ptr<Stream> stream, SessionEnv env, ServerProtocol protocol, Time now)
    : stream_(std::move(stream)),
      env_(std::move(env)),
      protocol_(protocol),
      write_timeout_(env_.limits.write_timeout),
      now_(now),
      begun_(now.mono),
      progress_(now.mono) {}

void ServerConnection::start() {
  if (protocol_ == ServerProtocol::kHttp2) choose_protocol({});
  flush();
  read();
}

void ServerConnection::read() {
  if (reading_ || state_ == State::kClosed) return;
  const bool open = state_ == State::kOpen;
  if (open && session_ && !session_->wants_input()) return;
  if (open && unsent_.size() + sending_.size() > kMostUnsent) return;
  if (!buffer_) buffer_ = std::make_unique_for_overwrite<char[]>(buffer_size_);
  reading_ = true;
  stream_->read(buffer_.get(), buffer_size_, [self = shared_from_this()](IoResult result) { self->on_read(result); });
}

void ServerConnection::on_read(IoResult result) {
  reading_ = false;
  if (state_ == State::kClosed) return;
  if (result.error || (result.end && state_ == State::kLingering)) return close();
  if (state_ == State::kLingering) {
    lingered_ += result.bytes;
    return lingered_ > kLingerBytes ? close() : read();
  }
  busy_ = true;
  if (result.end && !session_) return close();
  if (result.end) {
    session_->receive_end();
  } else {
    take({buffer_.get(), result.bytes});
  }
  busy_ = false;
  flush();
  if (result.end) return;
  adapt_buffer(result.bytes);
  read();
}

void ServerConnection::take(std::string_view bytes) {
  if (session_) return session_->receive(bytes);
  opening_.append(bytes);
  if (!choose_protocol(opening_)) return;
  session_->receive(std::exchange(opening_, {}));
}

// HTTP/2 opens with "PRI * HTTP/2.0"; no method of HTTP/1.1 begins like that.
bool ServerConnection::choose_protocol(std::string_view bytes) {
  constexpr std::string_view kPreface = "PRI ";
  const bool could_be_http2 = kPreface.starts_with(bytes.substr(0, kPreface.size()));
  if (protocol_ == ServerProtocol::kAny && could_be_http2 && bytes.size() < kPreface.size()) return false;
  session_ = could_be_http2 ? make_http2_session(std::move(env_), now_) : make_http1_session(std::move(env_), now_);
  session_->on_output = [this] { flush(); };
  return true;
}

// Buffers follow the traffic: many connections that send little cost little, a busy one needs few reads.
void ServerConnection::adapt_buffer(size_t read) {
  size_t size = buffer_size_;
  if (read == buffer_size_) {
    size = std::min(buffer_size_ * 4, kLargestBuffer);
    small_reads_ = 0;
  } else if (read < buffer_size_ / 8 && buffer_size_ > kFirstBuffer) {
    if (++small_reads_ == 64) size = buffer_size_ / 4;
  } else {
    small_reads_ = 0;
  }
  if (size == buffer_size_) return;
  small_reads_ = 0;
  buffer_size_ = size;
  buffer_.reset();
}

void ServerConnection::flush() {
  if (busy_ || state_ != State::kOpen || !session_) return;
  session_->take_output(unsent_);
  if (!sending_.empty()) return;  // on_written() goes on
  if (unsent_.empty()) {
    if (session_->finished()) linger();
    return;
  }
  sending_.swap(unsent_);
  progress_ = now_.mono;
  const std::string_view bytes = sending_;
  stream_->write({&bytes, 1}, [self = shared_from_this()](IoResult result) { self->on_written(result); });
}

void ServerConnection::on_written(IoResult result) {
  sending_.clear();
  if (state_ != State::kOpen) return;
  if (result.error) return close();
  flush();
  read();
}

void ServerConnection::linger() {
  state_ = State::kLingering;
  lingering_since_ = now_.mono;
  stream_->shutdown_write();
  read();
}

void ServerConnection::on_tick(Time now) {
  now_ = now;
  if (state_ == State::kLingering && now.mono - lingering_since_ >= kLingerTime) return close();
  if (state_ != State::kOpen) return;
  const bool stuck = !sending_.empty() && now.mono - progress_ >= write_timeout_;
  if (stuck) return close();
  if (!session_) return now.mono - begun_ >= kSilence ? close() : void();
  busy_ = true;
  session_->on_tick(now);
  busy_ = false;
  flush();
  read();
}

void ServerConnection::drain() {
  if (state_ != State::kOpen) return;
  if (!session_) return close();
  session_->drain();
  flush();
}

void ServerConnection::end() {
  if (state_ == State::kOpen && session_) {
    session_->say_goodbye();
    flush();
  }
  close();
}

void ServerConnection::close() {
  if (state_ == State::kClosed) return;
  state_ = State::kClosed;
  busy_ = false;
  if (session_) session_->on_output = nullptr;
  session_.reset();
  stream_->close();
}

}  // namespace weir::net
