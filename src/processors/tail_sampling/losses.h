// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "processors/tail_sampling/trace_table.h"
#include "weir/settlement.h"

namespace weir {

// How held spans end that do not leave.
enum class Loss : uint8_t { kSampledOut, kEvicted, kTooLarge, kShutdown, kCorrupt };
inline constexpr size_t kLosses = 5;

// Settles held spans that do not leave, at all destinations behind the sampler. Spans that somebody waits for are
// gathered and settled by request; others are only counted.
class Losses {
 public:
  Losses(TraceTable& table, Ledger& ledger, const std::vector<DestinationId>& destinations)
      : table_(table), ledger_(ledger), destinations_(destinations) {}

  // All spans chained from `first_span`.
  void add(uint32_t first_span, Loss loss);
  void add_span(uint32_t span, Loss loss);
  // Settles and forgets what was added.
  void settle();

 private:
  struct Lost {
    std::vector<uint32_t> spans;  // that have an origin; still held
    uint64_t counted = 0;         // without one; gone
  };
  void settle_by_part(std::vector<uint32_t>& spans, const Settled& how);

  TraceTable& table_;
  Ledger& ledger_;
  const std::vector<DestinationId>& destinations_;
  std::array<Lost, kLosses> lost_;
  std::vector<uint32_t> items_;  // scratch
};

}  // namespace weir
