// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "absl/functional/any_invocable.h"
#include "weir/batch.h"
#include "weir/clock.h"

namespace weir {

// How long a sender that is refused is asked to wait, where nothing better is known. The SDKs of Python and JavaScript
// follow it exactly and give up after some attempts: with 2 s they hold on for 8 s, with 1 s for 5 (docs/senders.md).
inline constexpr Duration kRetryAfter = std::chrono::seconds(2);

// What a sender hears about its request, before it is put into the words of its protocol.
struct Answer {
  enum class Kind : uint8_t {
    kAccepted,    // 200 / OK
    kRetryLater,  // 503 + Retry-After / UNAVAILABLE + RetryInfo
    kRefused,     // for good: 500 / INTERNAL, or 400 / INVALID_ARGUMENT where `bad_data`
  };
  Kind kind = Kind::kAccepted;
  bool bad_data = false;
  std::string message = {};
  Duration retry_after{0};  // kRetryLater: at least this long

  static Answer accepted() { return {}; }
  static Answer retry_later(std::string message, Duration after = kRetryAfter) {
    return {Kind::kRetryLater, false, std::move(message), after};
  }
  static Answer refused(std::string message) { return {Kind::kRefused, false, std::move(message), {}}; }
};

// Called exactly once, on any shard's thread; a receiver carries it back to its connection's shard itself.
using AnswerFn = absl::AnyInvocable<void(Answer)>;

// The edge of the graph for one receiver and one signal (DESIGN §2.3). admit() is called on a shard's thread, never
// blocks, and takes a batch of at least one item whose bytes are reserved. The answer comes at the stage that the
// config asks for: at once (accepted), or with the destinations' outcome (delivered). A request's messages are posted
// before it is answered.
class Admission {
 public:
  virtual ~Admission() = default;
  virtual void admit(Batch&& batch, AnswerFn answer) = 0;
};

}  // namespace weir
