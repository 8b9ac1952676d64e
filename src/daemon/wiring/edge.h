// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "weir/admission.h"
#include "weir/component.h"

namespace weir {

// The edge of the graph for one (receiver, signal): numbers requests, admits their spans at every destination, hands
// them to the pipelines and sees to the answer. Thread-safe; runs on the shard of the request's connection.
class Edge final : public Admission {
 public:
  struct Pipeline {
    std::vector<Consumer*> entry;  // index = shard
  };
  // `delivered`: the destinations whose outcome the sender waits for, out of `destinations`; mostly empty. Repetition
  // counts ways.
  Edge(std::vector<Pipeline> pipelines, std::vector<DestinationId> destinations, std::vector<DestinationId> delivered,
       Ledger& ledger, std::atomic<uint64_t>& sequence);
  void admit(Batch&& batch, AnswerFn answer) override;
  // The shard that calls admit(): set once per thread by the event loop's owner.
  static void set_current_shard(uint32_t shard);

 private:
  void hand_on(Batch&& batch, uint32_t shard);

  std::vector<Pipeline> pipelines_;
  std::vector<DestinationId> destinations_;
  std::vector<DestinationId> delivered_;
  Ledger& ledger_;
  std::atomic<uint64_t>& sequence_;
};

// A request whose sender waits for the outcome at some destinations: answers when the last item is settled there.
class DeliveredOrigin final : public Origin {
 public:
  DeliveredOrigin(const std::vector<DestinationId>& waited_for, uint64_t items, AnswerFn answer);
  void settle(DestinationId destination, std::span<const uint32_t> items, uint64_t weight, const Settled& how) override;

 private:
  void note(const Settled& how);

  const std::vector<DestinationId>& waited_for_;
  std::mutex mutex_;  // guards all below
  uint64_t pending_;
  Answer worst_;
  AnswerFn answer_;
};

}  // namespace weir
