// SPDX-License-Identifier: Apache-2.0
#include "daemon/wiring/edge.h"

#include <algorithm>

namespace weir {

namespace {
thread_local uint32_t current_shard = 0;
}

Edge::Edge(std::vector<Pipeline> pipelines, std::vector<DestinationId> destinations,
           std::vector<DestinationId> delivered, Ledger& ledger, std::atomic<uint64_t>& sequence)
    : pipelines_(std::move(pipelines)),
      destinations_(std::move(destinations)),
      delivered_(std::move(delivered)),
      ledger_(ledger),
      sequence_(sequence) {}

void Edge::set_current_shard(uint32_t shard) { current_shard = shard; }

void Edge::admit(Batch&& batch, AnswerFn answer) {
  const uint64_t sequence = sequence_.fetch_add(1, std::memory_order_relaxed);
  for (Part& part : batch.parts) part.sequence = sequence;
  if (batch.signal == Signal::kTraces) {
    for (DestinationId destination : destinations_) ledger_.admit(destination, batch.spans.size());
  }
  if (delivered_.empty()) {
    hand_on(std::move(batch), current_shard);
    return answer(Answer::accepted());
  }
  const auto origin = std::make_shared<DeliveredOrigin>(delivered_, batch.item_count(), std::move(answer));
  for (Part& part : batch.parts) part.origin = origin;
  hand_on(std::move(batch), current_shard);
}

void Edge::hand_on(Batch&& batch, uint32_t shard) {
  for (size_t i = 0; i + 1 < pipelines_.size(); ++i) pipelines_[i].entry[shard]->consume(Batch(batch));
  pipelines_.back().entry[shard]->consume(std::move(batch));
}

DeliveredOrigin::DeliveredOrigin(const std::vector<DestinationId>& waited_for, uint64_t items, AnswerFn answer)
    : waited_for_(waited_for), pending_(items * waited_for.size()), answer_(std::move(answer)) {}

void DeliveredOrigin::settle(DestinationId destination, std::span<const uint32_t>, uint64_t weight,
                             const Settled& how) {
  if (std::find(waited_for_.begin(), waited_for_.end(), destination) == waited_for_.end()) return;
  AnswerFn answer;
  Answer verdict;
  {
    const std::lock_guard lock(mutex_);
    note(how);
    pending_ -= std::min(pending_, weight);
    if (pending_ > 0 || !answer_) return;
    answer = std::move(answer_);
    answer_ = nullptr;
    verdict = std::move(worst_);
  }
  answer(std::move(verdict));
}

// A refusal for good outweighs one that may be retried: a retry would only repeat it.
void DeliveredOrigin::note(const Settled& how) {
  if (how.outcome != Outcome::kDropped || how.reason == DropReason::kRejected) return;
  if (worst_.kind == Answer::Kind::kRefused) return;
  worst_ = how.retryable ? Answer::retry_later(how.detail) : Answer::refused(how.detail);
}

}  // namespace weir
