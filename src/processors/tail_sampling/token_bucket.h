// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <mutex>

#include "weir/clock.h"

namespace weir {

// A token bucket that allows or refuses at once (the collector's rate limiter, golang.org/x/time/rate). Starts full;
// asking for more than `burst` is always refused. Thread-safe: one for the process, asked once per trace.
class TokenBucket {
 public:
  TokenBucket(int64_t per_second, int64_t burst) : rate_(static_cast<double>(per_second)), burst_(burst) {}

  bool allow(int64_t tokens, Duration now) {
    std::lock_guard lock(mutex_);
    if (!started_) {
      started_ = true;
      last_ = now;
      tokens_ = static_cast<double>(burst_);
    }
    const double left = tokens_at(now) - static_cast<double>(tokens);
    if (tokens > burst_ || wait_ns(left) >= 1) return false;
    tokens_ = left;
    last_ = now;
    return true;
  }

 private:
  double tokens_at(Duration now) const {
    const double elapsed = now > last_ ? std::chrono::duration<double>(now - last_).count() : 0;
    return std::min(tokens_ + elapsed * rate_, static_cast<double>(burst_));
  }
  // How long to wait until `left` is no longer below zero; less than a whole nanosecond is none.
  double wait_ns(double left) const {
    if (left >= 0) return 0;
    return rate_ > 0 ? -left / rate_ * 1e9 : 1;
  }

  const double rate_;
  const int64_t burst_;
  std::mutex mutex_;
  bool started_ = false;
  double tokens_ = 0;
  Duration last_{0};
};

}  // namespace weir
