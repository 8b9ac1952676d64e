// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "weir/admission.h"
#include "weir/component.h"

namespace weir {

// What an edge is made of. Repetition of a destination counts ways there.
struct EdgeParts {
  std::string receiver;
  Signal signal = Signal::kTraces;
  std::vector<std::vector<Consumer*>> pipelines;  // the entry of each, index = shard
  std::vector<DestinationId> destinations;        // exporters, and with a journal connectors
  std::vector<DestinationId> delivered;           // those of them whose outcome the sender waits for; mostly empty
  std::optional<Ack> ack;                         // nothing: not journaled
  uint32_t route = 0;                             // of the journal, where this is journaled
};

// The edge of the graph for one (receiver, signal): numbers requests, journals them, admits their spans at every
// destination, hands them to the pipelines and sees to the answer. Thread-safe; runs on the shard of the request's
// connection.
class Edge final : public Admission {
 public:
  // `replaying`: true while records from before the start are on their way.
  Edge(EdgeParts parts, const ComponentEnv& env, std::atomic<uint64_t>& sequence, const std::atomic<bool>& replaying);
  void admit(Batch&& batch, AnswerFn answer) override;
  // A record of the journal, on the shard where it shall enter: its items that are not settled yet are admitted again.
  void replay(Batch&& batch, uint32_t shard);

  // The destinations that the journal counts: all that answer before they have delivered.
  const std::vector<DestinationId>& journaled() const { return journaled_; }
  const EdgeParts& parts() const { return parts_; }
  // The shard that calls admit(): set once per thread by the event loop's owner.
  static void set_current_shard(uint32_t shard);

 private:
  void admit_journaled(Batch&& batch, AnswerFn answer);
  void enter(Batch&& batch, uint64_t sequence, OriginRef account, AnswerFn answer);
  void admit_replayed(const Batch& batch);
  void hand_on(Batch&& batch, uint32_t shard);

  const EdgeParts parts_;
  std::vector<DestinationId> journaled_;
  std::vector<DestinationId> ledgered_;  // destinations of law 4
  ComponentEnv env_;
  std::atomic<uint64_t>& sequence_;
  const std::atomic<bool>& replaying_;
  Counter* received_ = nullptr;  // null where there is no telemetry (unit tests)
  Counter* replayed_ = nullptr;
};

// A request whose sender waits for the outcome at some destinations: answers when the last item is settled there. All
// else is passed on to the journal's account of the request, where it has one.
class DeliveredOrigin final : public Origin {
 public:
  DeliveredOrigin(const std::vector<DestinationId>& waited_for, uint64_t items, AnswerFn answer,
                  OriginRef account = nullptr);
  void settle(DestinationId destination, std::span<const uint32_t> items, uint64_t weight, const Settled& how) override;
  uint64_t record() const override { return account_ ? account_->record() : 0; }

 private:
  void note(const Settled& how);

  const std::vector<DestinationId>& waited_for_;
  const OriginRef account_;
  std::mutex mutex_;  // guards all below
  uint64_t pending_;
  Answer worst_;
  AnswerFn answer_;
};

}  // namespace weir
