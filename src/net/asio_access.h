// SPDX-License-Identifier: Apache-2.0
// For .cpp files of src/net only: the Asio side of a shard.
#pragma once

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "weir/shard.h"

namespace weir::net {

class LoopShard;

// How a thread that may outlive the loops posts to one (a name lookup that hangs).
struct LoopDoor {
  std::mutex mutex;
  LoopShard* loop = nullptr;  // guarded by mutex; null after the loop's end
  void post(Task task);
};

// One event loop. The inbox is our own and not asio::post: a post costs one lock and one push, and a burst wakes the
// loop once.
class LoopShard final : public Shard {
 public:
  explicit LoopShard(uint32_t index) : index_(index) { door_->loop = this; }
  void post(Task task) override;
  // After its thread has ended: destroys what is in the inbox, and from then on whatever is posted.
  void close();
  uint32_t index() const override { return index_; }
  boost::asio::io_context& io() { return io_; }
  const std::shared_ptr<LoopDoor>& door() const { return door_; }
  // Open streams of accepted connections; any thread.
  std::atomic<uint32_t>& connections() { return connections_; }

 private:
  void schedule_drain();
  void drain();

  const uint32_t index_;
  std::atomic<uint32_t> connections_{0};
  const std::shared_ptr<LoopDoor> door_ = std::make_shared<LoopDoor>();
  std::mutex mutex_;
  std::vector<Task> inbox_;        // guarded by mutex_
  bool drain_scheduled_ = false;   // guarded by mutex_
  bool closed_ = false;            // guarded by mutex_
  std::vector<Task> running_;      // the loop's own
  boost::asio::io_context io_{1};  // one thread runs it; last member: its handlers go first
};

inline LoopShard& loop_of(Shard& shard) { return dynamic_cast<LoopShard&>(shard); }
inline boost::asio::io_context& io_of(Shard& shard) { return loop_of(shard).io(); }

}  // namespace weir::net
