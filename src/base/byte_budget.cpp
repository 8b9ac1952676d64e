// SPDX-License-Identifier: Apache-2.0
#include "weir/budget.h"

namespace weir {

bool ByteBudget::try_take(uint64_t bytes) {
  const uint64_t room = limit_ > headroom_ ? limit_ - headroom_ : 0;
  uint64_t before = used_.load(std::memory_order_relaxed);
  do {
    if (before > room || bytes > room - before) {
      refused_.fetch_add(1, std::memory_order_relaxed);
      return false;
    }
  } while (!used_.compare_exchange_weak(before, before + bytes, std::memory_order_relaxed));
  return true;
}

}  // namespace weir
