// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <utility>

#include "net/event_loops.h"
#include "support/catch.h"

namespace weir::net::test {

constexpr auto kDeadline = std::chrono::seconds(20);

// A value that one thread sets and another waits for.
template <class T>
class Promised {
 public:
  void set(T value) {
    std::lock_guard lock(mutex_);
    value_ = std::move(value);
    changed_.notify_all();
  }
  T wait() {
    std::unique_lock lock(mutex_);
    if (!changed_.wait_for(lock, kDeadline, [&] { return value_.has_value(); }))
      FAIL("nothing came before the deadline");
    return std::move(*value_);
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::optional<T> value_;
};

// Runs `work` on the shard and waits for its result.
template <class Work>
auto on(Shard& shard, Work work) {
  Promised<decltype(work())> result;
  shard.post([&] { result.set(work()); });
  return result.wait();
}

struct Loops {
  explicit Loops(uint32_t count) : loops(count, clock) {}
  SystemClock clock;
  EventLoops loops;
};

}  // namespace weir::net::test
