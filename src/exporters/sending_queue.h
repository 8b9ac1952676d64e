// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "absl/functional/any_invocable.h"
#include "weir/batch.h"
#include "weir/clock.h"

namespace weir {

// What a destination said to one export request.
struct SendResult {
  enum class Kind : uint8_t {
    kOk,         // delivered; `rejected` items of it were refused for good (partial success), never sent again
    kRetry,      // try again, not before `retry_after`
    kPermanent,  // never try again: the request is dropped{reason="refused"}
    kTooLarge,   // permanent, dropped{reason="too_large"}
  };
  Kind kind = Kind::kOk;
  uint64_t rejected = 0;
  std::string message;
  Duration retry_after{0};
};

// The door to one destination's network (DESIGN law 8, §4): otlp_grpc, otlp_http and remote write have one each; tests have
// scripted ones. send() is called on the queue's home shard; `batch` lives, unchanged, until `done` has been called, exactly once,
// on that same shard (later or at once). Several sends may be under way.
class Transport {
 public:
  virtual ~Transport() = default;
  virtual void send(const Batch& batch, absl::AnyInvocable<void(SendResult)> done) = 0;
};

}  // namespace weir
