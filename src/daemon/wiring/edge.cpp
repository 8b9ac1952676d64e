// SPDX-License-Identifier: Apache-2.0
#include "daemon/wiring/edge.h"

#include <algorithm>
#include <memory>

#include "daemon/wiring/hops.h"
#include "otlp/batch_ops.h"

namespace weir {

namespace {
thread_local uint32_t current_shard = 0;

bool contains(const std::vector<DestinationId>& list, DestinationId id) {
  return std::find(list.begin(), list.end(), id) != list.end();
}

Counter* received_counter(const EdgeParts& parts, const ComponentEnv& env, const char* source) {
  static const std::string kItems[] = {"spans", "metric_points", "log_records"};
  if (env.telemetry == nullptr) return nullptr;
  return &env.telemetry->counter("weir_" + kItems[static_cast<size_t>(parts.signal)] + "_received_total",
                                 "Items of admitted requests, by where they came from.",
                                 {{"receiver", parts.receiver}, {"source", source}});
}
}  // namespace

Edge::Edge(EdgeParts parts, const ComponentEnv& env, std::atomic<uint64_t>& sequence,
           const std::atomic<bool>& replaying)
    : parts_(std::move(parts)),
      env_(env),
      sequence_(sequence),
      replaying_(replaying),
      received_(received_counter(parts_, env, "live")),
      replayed_(env.journal == nullptr ? nullptr : received_counter(parts_, env, "replay")) {
  for (const DestinationId id : parts_.destinations) {
    if (!contains(parts_.delivered, id)) journaled_.push_back(id);
    if (!env.ledger->account(id).observer) ledgered_.push_back(id);
  }
}

void Edge::set_current_shard(uint32_t shard) { current_shard = shard; }

void Edge::admit(Batch&& batch, AnswerFn answer) {
  if (parts_.ack && !journaled_.empty()) return admit_journaled(std::move(batch), std::move(answer));
  enter(std::move(batch), sequence_.fetch_add(1, std::memory_order_relaxed), nullptr, std::move(answer));
}

// Nothing enters the pipelines before it is as safe as its answer will say: a connector never counts what a crash could
// take back.
void Edge::admit_journaled(Batch&& batch, AnswerFn answer) {
  if (!parts_.delivered.empty() && replaying_) {
    return answer(Answer::retry_later("what the journal holds from before the start comes first"));
  }
  AppendRequest request{parts_.signal,        parts_.route,  static_cast<uint32_t>(otlp::record_count(batch)),
                        batch.parts[0].bytes, batch.context, *parts_.ack};
  const auto carried = std::make_shared<Batch>(std::move(batch));
  env_.journal->append(std::move(request), env_.shards->at(current_shard),
                       [this, carried, answer = std::move(answer)](AppendResult result) mutable {
                         if (!result.ok) return answer(Answer::retry_later(result.error, result.retry_after));
                         if (result.delivered_by_replay) return answer(Answer::accepted());
                         enter(std::move(*carried), result.sequence, std::move(result.account), std::move(answer));
                       });
}

void Edge::enter(Batch&& batch, uint64_t sequence, OriginRef account, AnswerFn answer) {
  if (parts_.signal == Signal::kTraces) {
    for (const DestinationId destination : ledgered_) env_.ledger->admit(destination, batch.spans.size());
  }
  if (received_ != nullptr) received_->add(static_cast<double>(batch.item_count()));
  const bool waits = !parts_.delivered.empty();
  if (waits) {
    account =
        std::make_shared<DeliveredOrigin>(parts_.delivered, batch.item_count(), std::move(answer), std::move(account));
  }
  for (Part& part : batch.parts) {
    part.sequence = sequence;
    part.origin = account;
  }
  work_on(batch.parts.front());
  hand_on(std::move(batch), current_shard);
  if (!waits) answer(Answer::accepted());
}

namespace {

// A replayed record at an edge with destinations whose outcome its sender waited for: those never see it again, the
// sender knows what became of it there.
class AnsweredOrigin final : public Origin {
 public:
  AnsweredOrigin(OriginRef account, const std::vector<DestinationId>& delivered)
      : account_(std::move(account)), delivered_(delivered) {}
  void settle(DestinationId destination, std::span<const uint32_t> items, uint64_t weight,
              const Settled& how) override {
    account_->settle(destination, items, weight, how);
  }
  uint64_t record() const override { return account_->record(); }
  bool partly_settled() const override { return true; }
  bool settled_before(DestinationId destination, uint32_t item) const override {
    return contains(delivered_, destination) || account_->settled_before(destination, item);
  }

 private:
  const OriginRef account_;
  const std::vector<DestinationId>& delivered_;
};

}  // namespace

void Edge::replay(Batch&& batch, uint32_t shard) {
  if (!parts_.delivered.empty()) {
    for (Part& part : batch.parts) part.origin = std::make_shared<AnsweredOrigin>(part.origin, parts_.delivered);
  }
  if (parts_.signal == Signal::kTraces) admit_replayed(batch);
  if (replayed_ != nullptr) replayed_->add(static_cast<double>(batch.item_count()));
  work_on(batch.parts.front());
  hand_on(std::move(batch), shard);
}

void Edge::admit_replayed(const Batch& batch) {
  const Origin& account = *batch.parts[0].origin;
  for (const DestinationId destination : ledgered_) {
    uint64_t ghosts = 0;
    if (account.partly_settled()) {
      for (const SpanRecord& span : batch.spans) ghosts += account.settled_before(destination, span.item) ? 1 : 0;
    }
    env_.ledger->admit_replayed(destination, batch.spans.size() - ghosts, ghosts);
  }
}

void Edge::hand_on(Batch&& batch, uint32_t shard) {
  for (size_t i = 0; i + 1 < parts_.pipelines.size(); ++i) parts_.pipelines[i][shard]->consume(Batch(batch));
  parts_.pipelines.back()[shard]->consume(std::move(batch));
}

DeliveredOrigin::DeliveredOrigin(const std::vector<DestinationId>& waited_for, uint64_t items, AnswerFn answer,
                                 OriginRef account)
    : waited_for_(waited_for),
      account_(std::move(account)),
      pending_(items * waited_for.size()),
      answer_(std::move(answer)) {}

void DeliveredOrigin::settle(DestinationId destination, std::span<const uint32_t> items, uint64_t weight,
                             const Settled& how) {
  if (!contains(waited_for_, destination)) {
    if (account_) account_->settle(destination, items, weight, how);
    return;
  }
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
