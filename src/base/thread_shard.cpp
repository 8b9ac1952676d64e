// SPDX-License-Identifier: Apache-2.0
#include "base/thread_shard.h"

#include <pthread.h>

#include <utility>

namespace weir {

void ThreadShard::start_ticks(Duration period, std::function<void()> on_tick) {
  period_ = period;
  on_tick_ = std::move(on_tick);
}

void ThreadShard::run() {
  next_tick_ = std::chrono::steady_clock::now() + period_;
  thread_ = std::thread([this] { loop(); });
}

void ThreadShard::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void ThreadShard::post(Task task) {
  bool wake = false;
  {
    const std::lock_guard lock(mutex_);
    inbox_.push_back(std::move(task));
    wake = std::exchange(waiting_, false);
  }
  if (wake) changed_.notify_one();
}

// All that has come; false where the thread is to end.
bool ThreadShard::wait(std::vector<Task>& tasks) {
  tasks.clear();
  std::unique_lock lock(mutex_);
  waiting_ = inbox_.empty() && !stopping_;
  const auto ready = [this] { return stopping_ || !inbox_.empty(); };
  if (on_tick_) {
    changed_.wait_until(lock, next_tick_, ready);
  } else {
    changed_.wait(lock, ready);
  }
  waiting_ = false;
  std::swap(tasks, inbox_);
  return !stopping_;
}

void ThreadShard::loop() {
  pthread_setname_np(pthread_self(), name_);
  std::vector<Task> tasks;
  while (wait(tasks)) {
    for (Task& task : tasks) std::exchange(task, nullptr)();
    if (!on_tick_ || std::chrono::steady_clock::now() < next_tick_) continue;
    on_tick_();
    next_tick_ = std::chrono::steady_clock::now() + period_;
  }
}

}  // namespace weir
