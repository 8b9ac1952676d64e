// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <mutex>

#include "weir/clock.h"

namespace weir {

// How long checks that end in a refusal may take: half a second at once, a tenth of the time from then on. Hashes like
// bcrypt are slow by design and are computed on an event loop: a peer that knows a user's name and sends ever new
// passwords would hold up all others. Any thread.
class CheckBudget {
 public:
  // False: too much was spent; a check has to wait.
  bool has_room(Duration now) {
    const std::lock_guard lock(mutex_);
    pay_back(now);
    return owed_ < kAtOnce;
  }
  void spend(Duration now, Duration took) {
    const std::lock_guard lock(mutex_);
    pay_back(now);
    owed_ += took;
  }

 private:
  static constexpr Duration kAtOnce = std::chrono::milliseconds(500);
  static constexpr int kShare = 10;

  void pay_back(Duration now) {
    if (now <= since_) return;
    owed_ = std::max(owed_ - (now - since_) / kShare, Duration(0));
    since_ = now;
  }

  std::mutex mutex_;  // guards what follows
  Duration owed_{0};
  Duration since_{0};  // mono
};

}  // namespace weir
