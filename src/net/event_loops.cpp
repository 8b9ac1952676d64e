// SPDX-License-Identifier: Apache-2.0
#include "net/event_loops.h"

#include <pthread.h>

#include <algorithm>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <condition_variable>
#include <csignal>
#include <deque>
#include <string>
#include <thread>

#include "net/asio_access.h"

namespace weir::net {

namespace asio = boost::asio;

namespace {

thread_local LoopShard* current_loop = nullptr;

// A drained inbox above this keeps no memory of the burst that filled it.
constexpr size_t kKeptInbox = 4096;

}  // namespace

void LoopShard::post(Task task) {
  {
    std::lock_guard lock(mutex_);
    if (closed_) return;
    inbox_.push_back(std::move(task));
    if (std::exchange(drain_scheduled_, true)) return;
  }
  schedule_drain();
}

void LoopDoor::post(Task task) {
  std::lock_guard lock(mutex);
  if (loop != nullptr) loop->post(std::move(task));
}

void LoopShard::close() {
  {
    std::lock_guard lock(door_->mutex);
    door_->loop = nullptr;
  }
  std::vector<Task> left;  // destroyed without the lock: a task's end may post
  std::lock_guard lock(mutex_);
  closed_ = true;
  left.swap(inbox_);
}

void LoopShard::schedule_drain() {
  asio::post(io_, [this] { drain(); });
}

// Runs what was in the inbox at its start; what comes meanwhile waits for the sockets' turn.
void LoopShard::drain() {
  {
    std::lock_guard lock(mutex_);
    running_.swap(inbox_);
  }
  for (Task& task : running_) {
    task();
    task = nullptr;  // frees what it holds before the next one runs
  }
  running_.clear();
  if (running_.capacity() > kKeptInbox) running_.shrink_to_fit();
  {
    std::lock_guard lock(mutex_);
    drain_scheduled_ = !inbox_.empty();
    if (!drain_scheduled_) return;
  }
  schedule_drain();
}

namespace {

// The meeting of all loops. Rounds go one after the other: two at a time could hold each other's loops.
class Barrier {
 public:
  explicit Barrier(std::deque<LoopShard>& loops) : loops_(loops) {}

  void request(Task work, Task then) {
    Job job{std::move(work), std::move(then), current_loop != nullptr ? current_loop : &loops_.front()};
    {
      std::lock_guard lock(mutex_);
      if (running_) {
        jobs_.push_back(std::move(job));
        if (!std::exchange(round_open_, true)) call_loops();
        return;
      }
    }
    job.work();
    job.then();
  }

  void open() {
    std::lock_guard lock(mutex_);
    running_ = true;
  }

  void break_up() {
    std::lock_guard lock(mutex_);
    stopping_ = true;
    round_over_.notify_all();
  }

  // After the loops have ended.
  void run_left_over() {
    std::deque<Job> left;
    {
      std::lock_guard lock(mutex_);
      running_ = false;
      left.swap(jobs_);
    }
    for (Job& job : left) {
      job.work();
      job.then();
    }
  }

 private:
  struct Job {
    Task work;
    Task then;
    LoopShard* caller;
  };

  void call_loops() {
    for (LoopShard& loop : loops_) loop.post([this] { arrive(); });
  }

  void arrive() {
    std::unique_lock lock(mutex_);
    if (++arrived_ == loops_.size()) return work(lock);
    const uint64_t mine = round_;
    round_over_.wait(lock, [&] { return round_ != mine || stopping_; });
  }

  // The last loop to arrive does the work, while the others wait.
  void work(std::unique_lock<std::mutex>& lock) {
    Job job = std::move(jobs_.front());
    jobs_.pop_front();
    lock.unlock();
    job.work();
    job.caller->post(std::move(job.then));
    lock.lock();
    arrived_ = 0;
    ++round_;
    round_open_ = !jobs_.empty();
    if (round_open_) call_loops();
    round_over_.notify_all();
  }

  std::deque<LoopShard>& loops_;
  std::mutex mutex_;
  std::condition_variable round_over_;
  std::deque<Job> jobs_;
  bool running_ = false;
  bool stopping_ = false;
  bool round_open_ = false;
  size_t arrived_ = 0;
  uint64_t round_ = 0;
};

class Ticker {
 public:
  Ticker(LoopShard& loop, Duration period, const Clock& clock, const std::function<void(uint32_t, Time)>& on_tick)
      : loop_(loop), period_(period), clock_(clock), on_tick_(on_tick), timer_(loop.io()) {
    wait();
  }

 private:
  void wait() {
    timer_.expires_after(period_);
    timer_.async_wait([this](const boost::system::error_code& error) {
      if (error) return;
      on_tick_(loop_.index(), clock_.now());
      wait();
    });
  }

  LoopShard& loop_;
  const Duration period_;
  const Clock& clock_;
  const std::function<void(uint32_t, Time)>& on_tick_;
  asio::steady_timer timer_;
};

class SignalWatch {
 public:
  SignalWatch(LoopShard& loop, int signal, std::function<void()> handler)
      : number_(signal), signals_(loop.io(), signal), handler_(std::move(handler)) {
    wait();
  }
  // One that comes in the last moments must not end the process in its own way: there is an exit code to give.
  ~SignalWatch() {
    boost::system::error_code ignored;
    signals_.clear(ignored);
    std::signal(number_, SIG_IGN);
  }

 private:
  void wait() {
    signals_.async_wait([this](const boost::system::error_code& error, int) {
      if (error) return;
      handler_();
      wait();
    });
  }

  const int number_;
  asio::signal_set signals_;
  std::function<void()> handler_;
};

}  // namespace

struct EventLoops::Impl {
  Impl(uint32_t count, const Clock& with_clock) : clock(with_clock), barrier(loops) {
    for (uint32_t i = 0; i < count; ++i) loops.emplace_back(i);
  }

  const Clock& clock;
  std::function<void(uint32_t, Time)> on_tick;
  std::deque<LoopShard> loops;
  Barrier barrier;
  std::vector<std::unique_ptr<Ticker>> tickers;
  std::vector<std::unique_ptr<SignalWatch>> signals;
  std::vector<std::thread> threads;
};

EventLoops::EventLoops(uint32_t count, const Clock& clock)
    : impl_(std::make_unique<Impl>(std::max<uint32_t>(count, 1), clock)) {
  std::signal(SIGPIPE, SIG_IGN);
}

EventLoops::~EventLoops() {
  stop();
  join();
  for (LoopShard& loop : impl_->loops) loop.close();  // all, before the first socket's loop goes
}

uint32_t EventLoops::size() const { return static_cast<uint32_t>(impl_->loops.size()); }

Shard& EventLoops::at(uint32_t index) { return impl_->loops[index]; }

void EventLoops::start_ticks(Duration period, std::function<void(uint32_t, Time)> on_tick) {
  impl_->on_tick = std::move(on_tick);
  for (LoopShard& loop : impl_->loops) {
    impl_->tickers.push_back(std::make_unique<Ticker>(loop, period, impl_->clock, impl_->on_tick));
  }
}

void EventLoops::on_signal(int signal, std::function<void()> handler) {
  if (!handler) return void(std::signal(signal, SIG_IGN));
  impl_->signals.push_back(std::make_unique<SignalWatch>(impl_->loops.front(), signal, std::move(handler)));
}

void EventLoops::run() {
  impl_->barrier.open();
  for (LoopShard& loop : impl_->loops) {
    impl_->threads.emplace_back([&loop] {
      pthread_setname_np(pthread_self(), ("weir-loop-" + std::to_string(loop.index())).c_str());
      current_loop = &loop;
      const auto stay = asio::make_work_guard(loop.io());
      loop.io().run();
    });
  }
}

void EventLoops::stop() {
  impl_->barrier.break_up();
  for (LoopShard& loop : impl_->loops) loop.io().stop();
}

void EventLoops::join() {
  for (std::thread& thread : impl_->threads) thread.join();
  impl_->threads.clear();
  impl_->barrier.run_left_over();
}

void EventLoops::exclusive(Task work, Task then) { impl_->barrier.request(std::move(work), std::move(then)); }

void EventLoops::run_exclusive(const std::function<void()>& work) {
  std::mutex mutex;
  std::condition_variable changed;
  bool done = false;
  exclusive(
      [&] {
        work();
        std::lock_guard lock(mutex);
        done = true;
        changed.notify_all();  // under the lock: the waiter's variables go away after it
      },
      [] {});
  std::unique_lock lock(mutex);
  changed.wait(lock, [&] { return done; });
}

}  // namespace weir::net
