// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "processors/tail_sampling/policy.h"

namespace weir {

// Samples where a span test was met, or, inverted, where it never was.
class HitPolicy final : public Policy {
 public:
  explicit HitPolicy(uint64_t bit, bool invert = false) : bit_(bit), invert_(invert) {}
  Decision decide(const TraceFacts& trace, Time) override { return sampled_if(trace.hit(bit_) != invert_); }

 private:
  const uint64_t bit_;
  const bool invert_;
};

}  // namespace weir
