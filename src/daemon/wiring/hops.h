// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <vector>

#include "weir/component.h"

namespace weir {

// Notes whose bytes this thread is about to work on, for the case that they crash the process.
void work_on(const Part& part);

// Spans that have left one shard and not yet arrived at another. Counted apart from everything else, so that law 4's
// identity covers inboxes too.
class Transit {
 public:
  void leave(uint64_t spans) { spans_.fetch_add(spans, std::memory_order_relaxed); }
  void arrive(uint64_t spans) { spans_.fetch_sub(spans, std::memory_order_relaxed); }
  uint64_t spans() const { return spans_.load(std::memory_order_relaxed); }

 private:
  std::atomic<uint64_t> spans_{0};
};

// Carries batches to a consumer on another shard, through its inbox. Also to the own shard: a batch that took the short
// way would overtake one that another shard has already posted, and a sender that waits for its answers would see its
// requests out of order. With a single shard there is nothing to overtake and the call is direct.
class Hop final : public Consumer {
 public:
  Hop(Shard& to, Consumer& next, bool direct) : to_(to), next_(next), direct_(direct) {}
  void consume(Batch&& batch) override;
  const Transit& transit() const { return transit_; }

 private:
  Shard& to_;
  Consumer& next_;
  bool direct_;
  Transit transit_;
};

// Splits batches by trace id over the shards' consumers (law 2). One serves all source shards.
class Splitter final : public Consumer {
 public:
  explicit Splitter(std::vector<Consumer*> hops) : hops_(std::move(hops)) {}
  void consume(Batch&& batch) override;

 private:
  std::vector<Consumer*> hops_;  // index = shard; Hops
};

// Gives a connector's observer its batches as a consumer does, for the end of a hop.
class ObserverEnd final : public Consumer {
 public:
  explicit ObserverEnd(Observer& observer) : observer_(observer) {}
  void consume(Batch&& batch) override { observer_.observe(batch); }

 private:
  Observer& observer_;
};

// The items of a batch that were not settled at the destination before the start; the others are ghosts, and gone.
Batch without_ghosts(Batch&& batch, DestinationId destination, Ledger& ledger);

// The door of an exporter for one pipeline: marks the batch's parts with their destination, and lets no item through
// that was settled there before the start.
class Door final : public Consumer {
 public:
  Door(DestinationId destination, Ledger& ledger, Consumer& next)
      : destination_(destination), ledger_(ledger), next_(next) {}
  void consume(Batch&& batch) override;

 private:
  DestinationId destination_;
  Ledger& ledger_;
  Consumer& next_;
};

// With a journal, stands before a connector's observer for one pipeline: lets no item through that a checkpoint already
// holds, and notes what was counted for the next one.
class ObserverDoor final : public Observer {
 public:
  ObserverDoor(DestinationId destination, Ledger& ledger, Observer& observer, AbsorbedList& absorbed)
      : destination_(destination), ledger_(ledger), observer_(observer), absorbed_(absorbed) {}
  void observe(const Batch& batch) override;

 private:
  void count(const Batch& batch);

  DestinationId destination_;
  Ledger& ledger_;
  Observer& observer_;
  AbsorbedList& absorbed_;
};

// Hands each batch to several consumers: copies of the index to all but the last, which gets the batch itself.
// Observers on this shard look at it first.
class FanOut final : public Consumer {
 public:
  void add(Observer& observer) { observers_.push_back(&observer); }
  void add(Consumer& consumer) { consumers_.push_back(&consumer); }
  void consume(Batch&& batch) override;

 private:
  std::vector<Observer*> observers_;
  std::vector<Consumer*> consumers_;
};

}  // namespace weir
