// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <random>
#include <vector>

#include "weir/clock.h"
#include "weir/shard.h"

namespace weir::test {

// A clock that moves only when told to.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(Duration wall = std::chrono::seconds(1'700'000'000)) : now_{std::chrono::seconds(1000), wall} {}
  Time now() const override { return now_; }
  void advance(Duration by) {
    now_.mono += by;
    now_.wall += by;
  }

 private:
  Time now_;
};

// N shards on one thread. Which shard runs its next task is drawn from a seed, so a run replays from the seed alone;
// inside a shard order is FIFO as always. `before_task` is told the shard about to run.
class SimShards final : public Shards {
 public:
  SimShards(uint32_t count, uint64_t seed, std::function<void(uint32_t)> before_task = {})
      : random_(seed), before_task_(std::move(before_task)) {
    for (uint32_t i = 0; i < count; ++i) shards_.push_back(std::make_unique<SimShard>(i));
  }
  uint32_t size() const override { return static_cast<uint32_t>(shards_.size()); }
  Shard& at(uint32_t index) override { return *shards_[index]; }

  // Runs one task; false where no shard has any.
  bool run_one() {
    std::vector<SimShard*> ready;
    for (auto& shard : shards_) {
      if (!shard->inbox.empty()) ready.push_back(shard.get());
    }
    if (ready.empty()) return false;
    SimShard& shard = *ready[random_() % ready.size()];
    Task task = std::move(shard.inbox.front());
    shard.inbox.pop_front();
    if (before_task_) before_task_(shard.index());
    task();
    return true;
  }
  void run_until_idle() {
    while (run_one()) {
    }
  }

 private:
  struct SimShard final : Shard {
    explicit SimShard(uint32_t number) : number_(number) {}
    void post(Task task) override { inbox.push_back(std::move(task)); }
    uint32_t index() const override { return number_; }
    std::deque<Task> inbox;
    uint32_t number_;
  };
  std::vector<std::unique_ptr<SimShard>> shards_;
  std::mt19937_64 random_;
  std::function<void(uint32_t)> before_task_;
};

}  // namespace weir::test
