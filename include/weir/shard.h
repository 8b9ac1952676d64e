// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "absl/functional/any_invocable.h"

namespace weir {

using Task = absl::AnyInvocable<void()>;

// One event loop with one thread. What a shard owns is touched by its thread alone. post() is thread-safe and the inbox
// is one FIFO: tasks of one poster run in the order they were posted, also those a shard posts to itself. No task may
// block.
class Shard {
 public:
  virtual ~Shard() = default;
  virtual void post(Task task) = 0;
  virtual uint32_t index() const = 0;
};

// All shards of the process; their number never changes after start.
class Shards {
 public:
  virtual ~Shards() = default;
  virtual uint32_t size() const = 0;
  virtual Shard& at(uint32_t index) = 0;
};

}  // namespace weir
