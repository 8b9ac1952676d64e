// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

#include "weir/ids.h"

namespace weir::span_metrics {

struct AdjustedCount {
  uint64_t count = 1;
  bool adjusted = false;  // true where a sampling threshold said so
};

// How many spans a sampled span stands for, by the threshold of consistent probability sampling in its W3C trace state
// ("ot=th:8" = one of two). Fractions are rounded up with their probability, drawn from the span's id and the seed, so
// that the same span gives the same count on any shard.
AdjustedCount adjusted_count(std::string_view trace_state, SpanId span_id, uint64_t seed);

}  // namespace weir::span_metrics
