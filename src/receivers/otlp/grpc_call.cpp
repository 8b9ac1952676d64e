// SPDX-License-Identifier: Apache-2.0
#include "receivers/otlp/grpc_call.h"

namespace weir {

using Kind = Verdict::Kind;

bool GrpcCall::refuse(Verdict verdict) {
  refused_ = true;
  if (messages_ == 0) responder_.respond(grpc_response(verdict, head_.content_type));
  return false;
}

bool GrpcCall::refuse(BodyBuffer::Result why, const std::string& too_large) {
  if (why == BodyBuffer::Result::kTooLarge) return refuse({Kind::kTooLarge, too_large});
  return refuse({Kind::kBusy, "out of memory, try again later", kRetryAfter});
}

bool GrpcCall::on_message(uint8_t flag, uint32_t length) {
  if (messages_ >= kMostMessages) return false;
  if (flag > 1) {
    return refuse({Kind::kMalformed, "grpc: received unexpected payload format " + std::to_string(flag)});
  }
  compressed_ = flag == 1;
  if (compressed_ && head_.codec == net::Codec::kIdentity) {
    return refuse({Kind::kMalformed, "grpc: compressed flag set with identity or empty encoding"});
  }
  const BodyBuffer::Result room = body_.expect(length);
  if (room == BodyBuffer::Result::kOk) return true;
  return refuse(room, "grpc: received message larger than max (" + std::to_string(length) + " vs. " +
                          std::to_string(head_.limit) + ")");
}

void GrpcCall::on_message_bytes(std::string_view bytes) {
  body_.append(bytes);  // fits: expect() made room for the whole message
}

bool GrpcCall::inflate(BufferRef& bytes) {
  const net::Decoded decoded = net::decompress(head_.codec, bytes->view(), head_.limit, intake_.budget());
  switch (decoded.error) {
    case net::DecodeError::kNone:
      bytes = decoded.bytes;
      return true;
    case net::DecodeError::kTooLarge:
      return refuse(BodyBuffer::Result::kTooLarge,
                    "grpc: received message after decompression larger than max " + std::to_string(head_.limit));
    case net::DecodeError::kOutOfBudget:
      return refuse(BodyBuffer::Result::kOutOfBudget, "");
    case net::DecodeError::kCorrupt:
      break;
  }
  return refuse({Kind::kMalformed, "grpc: failed to decompress the message"});
}

bool GrpcCall::on_message_end() {
  BufferRef bytes = body_.take();
  if (compressed_ && bytes->size() > 0 && !inflate(bytes)) return false;
  ExportRequest request{head_.signal, Format::kProtobuf, std::move(bytes), head_.peer, head_.received, head_.metadata};
  const bool first = messages_++ == 0;
  if (!first) {
    request.received = intake_.now();
    intake_.take(std::move(request), [](const Verdict&) {});
    return true;
  }
  intake_.take(std::move(request), [responder = responder_, type = head_.content_type](const Verdict& verdict) {
    responder.respond(grpc_response(verdict, type));
  });
  return true;
}

void GrpcCall::on_end() {
  if (messages_ > 0 || refused_) return;
  constexpr int kUnknown = 2;
  if (framer_.between_messages()) return void(refuse({Kind::kMalformed, "the call ended without a message"}));
  refused_ = true;
  responder_.respond(net::grpc_refusal(kUnknown, framer_.in_prefix() ? "EOF" : "unexpected EOF", head_.content_type));
}

void GrpcCall::on_stalled() {
  if (messages_ == 0 && !refused_) refuse({Kind::kTooSlow, "the message did not come in time"});
}

void GrpcCall::on_tick(Time now) {
  if (!head_.deadline || now.mono < *head_.deadline) return;
  head_.deadline.reset();
  responder_.respond(grpc_response({Kind::kTooSlow, "context deadline exceeded"}, head_.content_type));
}

}  // namespace weir
