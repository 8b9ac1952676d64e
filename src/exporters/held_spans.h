// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "weir/batch.h"

namespace weir {

// Counts the spans that an exporter's stage holds, by the destination that their parts carry (law 4). One shard's.
class HeldSpans {
 public:
  void add(const Batch& batch) { change(batch, 1); }
  void remove(const Batch& batch) { change(batch, -1); }
  void remove(DestinationId destination, uint64_t spans) { at(destination) -= static_cast<int64_t>(spans); }
  uint64_t total() const {
    int64_t sum = 0;
    for (const auto& [destination, spans] : by_destination_) sum += spans;
    return static_cast<uint64_t>(sum);
  }
  void add_to(std::vector<uint64_t>& by_destination) const {
    for (const auto& [destination, spans] : by_destination_)
      by_destination[destination] += static_cast<uint64_t>(spans);
  }

 private:
  void change(const Batch& batch, int64_t sign) {
    if (batch.spans.empty()) return;
    const std::vector<uint32_t> counts = items_per_part(batch);
    for (size_t i = 0; i < counts.size(); ++i) {
      if (counts[i] > 0 && batch.parts[i].destination != kNoDestination)
        at(batch.parts[i].destination) += sign * counts[i];
    }
  }
  int64_t& at(DestinationId destination) {
    for (auto& [known, spans] : by_destination_) {
      if (known == destination) return spans;
    }
    return by_destination_.emplace_back(destination, 0).second;
  }

  std::vector<std::pair<DestinationId, int64_t>> by_destination_;  // an exporter has few
};

}  // namespace weir
