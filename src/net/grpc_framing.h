// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "net/http_message.h"
#include "weir/clock.h"

namespace weir::net {

// The messages in the body of a gRPC call: 5 bytes (flag, length), then the message, again and again.
class GrpcMessageSink {
 public:
  virtual ~GrpcMessageSink() = default;
  // A prefix has come: check and reserve before a byte of the message is read. False: nothing more is read.
  virtual bool on_message(uint8_t flag, uint32_t length) = 0;
  virtual void on_message_bytes(std::string_view bytes) = 0;
  // False: nothing more is read.
  virtual bool on_message_end() = 0;
};

class GrpcFramer {
 public:
  // Takes all bytes; nothing is reported after the sink said stop.
  void feed(std::string_view bytes, GrpcMessageSink& sink);
  // True where no message is half read.
  bool between_messages() const { return state_ == State::kPrefix && prefix_size_ == 0; }
  bool in_prefix() const { return state_ == State::kPrefix && prefix_size_ > 0; }

 private:
  static constexpr size_t kPrefixSize = 5;
  enum class State : uint8_t { kPrefix, kMessage, kStopped };

  void begin_message(GrpcMessageSink& sink);
  void end_message(GrpcMessageSink& sink);

  State state_ = State::kPrefix;
  char prefix_[kPrefixSize] = {};
  size_t prefix_size_ = 0;
  uint32_t missing_ = 0;  // bytes of the message that have not come yet
};

// 5 bytes and the message, uncompressed.
std::string grpc_frame(std::string_view message);

// grpc-timeout ("250m", at most 8 digits and a unit); empty where malformed.
std::optional<Duration> parse_grpc_timeout(std::string_view text);
// A grpc-message value: bytes outside of printable ASCII, and '%', as %XX.
std::string percent_encode(std::string_view text);
// Values of "-bin" fields: base64 without padding; padded input is read too.
std::string base64_encode(std::string_view bytes);
bool is_base64(std::string_view text);

// "/package.Service/Method" in its two parts; empty where the path has another shape.
struct GrpcPath {
  std::string_view service;
  std::string_view method;
};
std::optional<GrpcPath> parse_grpc_path(std::string_view path);

// A refusal in the form that every client understands: one HEADERS frame that ends the stream ("trailers-only").
Response grpc_refusal(int code, std::string_view message, std::string_view content_type = "application/grpc");
// A reply with its message and status 0.
Response grpc_reply(std::string_view message, std::string_view content_type);

}  // namespace weir::net
