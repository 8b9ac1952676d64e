// SPDX-License-Identifier: Apache-2.0
#include "net/grpc_framing.h"

#include <algorithm>
#include <cstring>

namespace weir::net {

void GrpcFramer::feed(std::string_view bytes, GrpcMessageSink& sink) {
  while (!bytes.empty() && state_ != State::kStopped) {
    if (state_ == State::kPrefix) {
      const size_t part = std::min(bytes.size(), kPrefixSize - prefix_size_);
      std::memcpy(prefix_ + prefix_size_, bytes.data(), part);
      prefix_size_ += part;
      bytes.remove_prefix(part);
      if (prefix_size_ == kPrefixSize) begin_message(sink);
      continue;
    }
    const size_t part = std::min<size_t>(bytes.size(), missing_);
    sink.on_message_bytes(bytes.substr(0, part));
    bytes.remove_prefix(part);
    missing_ -= static_cast<uint32_t>(part);
    if (missing_ == 0) end_message(sink);
  }
}

void GrpcFramer::begin_message(GrpcMessageSink& sink) {
  missing_ = 0;
  for (size_t i = 1; i < kPrefixSize; ++i) missing_ = missing_ << 8 | static_cast<unsigned char>(prefix_[i]);
  prefix_size_ = 0;
  state_ = State::kMessage;
  if (!sink.on_message(static_cast<uint8_t>(prefix_[0]), missing_)) {
    state_ = State::kStopped;
  } else if (missing_ == 0) {
    end_message(sink);
  }
}

void GrpcFramer::end_message(GrpcMessageSink& sink) {
  state_ = sink.on_message_end() ? State::kPrefix : State::kStopped;
}

std::string grpc_frame(std::string_view message) {
  std::string frame(5, '\0');
  for (size_t i = 0; i < 4; ++i) frame[4 - i] = static_cast<char>(message.size() >> (8 * i) & 0xff);
  frame += message;
  return frame;
}

std::optional<Duration> parse_grpc_timeout(std::string_view text) {
  if (text.size() < 2 || text.size() > 9) return {};
  int64_t value = 0;
  for (char c : text.substr(0, text.size() - 1)) {
    if (c < '0' || c > '9') return {};
    value = value * 10 + (c - '0');
  }
  // At most 99,999,999 hours, which do not fit into 64 bits of nanoseconds: a century is as good.
  switch (text.back()) {
    case 'H':
      return std::chrono::hours(std::min<int64_t>(value, 24 * 36525));
    case 'M':
      return std::chrono::minutes(value);
    case 'S':
      return std::chrono::seconds(value);
    case 'm':
      return std::chrono::milliseconds(value);
    case 'u':
      return std::chrono::microseconds(value);
    case 'n':
      return std::chrono::nanoseconds(value);
    default:
      return {};
  }
}

std::string percent_encode(std::string_view text) {
  static constexpr char kDigits[] = "0123456789ABCDEF";
  std::string out;
  out.reserve(text.size());
  for (char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte <= 0x7e && c != '%') {
      out.push_back(c);
    } else {
      out += {'%', kDigits[byte >> 4], kDigits[byte & 15]};
    }
  }
  return out;
}

namespace {
constexpr std::string_view kBase64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
}

std::string base64_encode(std::string_view bytes) {
  std::string out;
  out.reserve((bytes.size() * 4 + 2) / 3);
  uint32_t bits = 0;
  int count = 0;
  for (char c : bytes) {
    bits = bits << 8 | static_cast<unsigned char>(c);
    for (count += 8; count >= 6; count -= 6) out.push_back(kBase64[bits >> (count - 6) & 63]);
  }
  if (count > 0) out.push_back(kBase64[bits << (6 - count) & 63]);
  return out;
}

bool is_base64(std::string_view text) {
  // Several values of one field may be joined by commas.
  for (size_t at = 0; at <= text.size();) {
    const size_t comma = std::min(text.find(',', at), text.size());
    std::string_view value = text.substr(at, comma - at);
    at = comma + 1;
    const bool padded = value.size() % 4 == 0;
    if (padded && value.ends_with('=')) value.remove_suffix(value.ends_with("==") ? 2 : 1);
    if (value.size() % 4 == 1 || value.find_first_not_of(kBase64) != value.npos) return false;
  }
  return true;
}

std::optional<GrpcPath> parse_grpc_path(std::string_view path) {
  if (!path.starts_with('/')) return {};
  path.remove_prefix(1);
  const size_t slash = path.rfind('/');
  if (slash == path.npos) return {};
  return GrpcPath{path.substr(0, slash), path.substr(slash + 1)};
}

Response grpc_refusal(int code, std::string_view message, std::string_view content_type) {
  Response response;
  response.fields.push_back({"content-type", std::string(content_type)});
  response.fields.push_back({"grpc-status", std::to_string(code)});
  response.fields.push_back({"grpc-message", percent_encode(message)});
  return response;
}

Response grpc_reply(std::string_view message, std::string_view content_type) {
  Response response;
  response.fields.push_back({"content-type", std::string(content_type)});
  response.body = grpc_frame(message);
  response.trailers.push_back({"grpc-status", "0"});
  return response;
}

}  // namespace weir::net
