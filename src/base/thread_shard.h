// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "weir/clock.h"
#include "weir/shard.h"

namespace weir {

// A shard with a thread of its own and no sockets: for work that waits for a disk. Order of use: construct,
// start_ticks, run, …, stop. post() may be called from any thread, before run() too. Tasks that are in the inbox at
// stop() are not run; they are destroyed with this object.
class ThreadShard final : public Shard {
 public:
  // `name`: what `top -H` shows, 15 characters at most.
  explicit ThreadShard(uint32_t index, const char* name = "weir-thread") : index_(index), name_(name) {}
  ~ThreadShard() override { stop(); }

  // `on_tick` runs on the thread about every `period`, between tasks; ticks that were missed are not made up for.
  void start_ticks(Duration period, std::function<void()> on_tick);
  void run();
  // After the task at hand; waits for the thread. Not from the thread itself; again is nothing.
  void stop();

  void post(Task task) override;
  uint32_t index() const override { return index_; }

 private:
  void loop();
  bool wait(std::vector<Task>& tasks);

  const uint32_t index_;
  const char* const name_;
  Duration period_{0};
  std::function<void()> on_tick_;
  std::chrono::steady_clock::time_point next_tick_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Task> inbox_;
  bool waiting_ = false;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace weir
