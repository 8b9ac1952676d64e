// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "net/codecs.h"
#include "net/grpc_framing.h"
#include "net/http_server.h"
#include "receivers/otlp/body_buffer.h"
#include "receivers/otlp/intake.h"

namespace weir {

// One Export call. Its first message is answered as soon as it is complete, whether or not the client has ended its
// side; later messages of the same stream (old Envoys) are taken and counted.
class GrpcCall final : public net::RequestSink, private net::GrpcMessageSink {
 public:
  struct Head {
    Signal signal = Signal::kTraces;
    net::Codec codec = net::Codec::kIdentity;
    std::string_view content_type;     // of the answer; a constant
    std::optional<Duration> deadline;  // monotonic
    uint32_t limit = 0;
    Metadata metadata;
    std::string peer;
    Time received;
  };

  GrpcCall(Intake& intake, Head head, net::Responder responder)
      : intake_(intake),
        head_(std::move(head)),
        responder_(std::move(responder)),
        body_(intake.budget(), head_.limit) {}

  void on_body(std::string_view bytes) override { framer_.feed(bytes, *this); }
  void on_end() override;
  void on_stalled() override;
  void on_tick(Time now) override;
  bool wants_rest() const override { return messages_ > 0 && !refused_; }
  bool resets_client() const override { return true; }

 private:
  static constexpr uint32_t kMostMessages = 100;  // of one stream

  bool on_message(uint8_t flag, uint32_t length) override;
  void on_message_bytes(std::string_view bytes) override;
  bool on_message_end() override;
  bool refuse(Verdict verdict);
  bool refuse(BodyBuffer::Result why, const std::string& too_large);
  bool inflate(BufferRef& bytes);

  Intake& intake_;
  Head head_;
  net::Responder responder_;
  net::GrpcFramer framer_;
  BodyBuffer body_;
  bool compressed_ = false;
  bool refused_ = false;
  uint32_t messages_ = 0;
};

}  // namespace weir
