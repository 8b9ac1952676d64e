// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

#include "absl/container/flat_hash_map.h"
#include "weir/budget.h"

namespace weir {

// What was last sent of each series: keeps times strictly increasing and tells new series. Series are known by a 64-bit
// hash of their labels (a clash would shift a timestamp by a millisecond). Touched by one shard only.
class SeriesMemory {
 public:
  explicit SeriesMemory(ByteBudget& budget) : budget_(budget) {}

  struct Verdict {
    bool fresh = false;  // not seen within kForgetAfterMs
    bool send =
        true;        // false: the point is older than what was sent, and not what a clock that stepped back would give
    int64_t ms = 0;  // the time to send it with
  };
  // Notes that `value` of a series is about to be sent with time `ms`. `only_grows`: the value of a counter, which
  // tells a clock that stepped back (the value has not sunk: sent one millisecond later than the last) from a point
  // that came late.
  Verdict note(std::string_view labels, int64_t ms, double value, bool only_grows);
  // Forgets series that were not sent for an hour; cheap when called often.
  void forget_old(int64_t now_ms);
  size_t size() const { return series_.size(); }

 private:
  struct Last {
    int64_t ms = 0;
    double value = 0;
  };
  void pay();

  ByteBudget& budget_;
  Reservation paid_;
  absl::flat_hash_map<uint64_t, Last> series_;
  int64_t next_sweep_ms_ = 0;
};

}  // namespace weir
