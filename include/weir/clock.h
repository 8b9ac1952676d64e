// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>

namespace weir {

using Duration = std::chrono::nanoseconds;

// One reading of the clocks. Timeouts and windows use `mono`; what is written into data uses `wall`.
struct Time {
  Duration mono{0};  // since an arbitrary start, never goes back
  Duration wall{0};  // since 1970-01-01 UTC
  uint64_t wall_ns() const { return static_cast<uint64_t>(wall.count()); }
};

// The door through which time comes in (DESIGN law 8). Thread-safe. Components do not read it: they take the time
// of on_tick; receivers read it once per request.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual Time now() const = 0;
};

class SystemClock final : public Clock {
 public:
  Time now() const override {
    return {std::chrono::steady_clock::now().time_since_epoch(), std::chrono::system_clock::now().time_since_epoch()};
  }
};

}  // namespace weir
