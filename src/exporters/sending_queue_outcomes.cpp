// SPDX-License-Identifier: Apache-2.0
// What becomes of a request once its destination has answered.
#include <algorithm>
#include <utility>

#include "exporters/otlp_common.h"
#include "exporters/sending_queue.h"
#include "otlp/encoder.h"

namespace weir {

namespace {

bool is_journaled(const Batch& batch) {
  return std::any_of(batch.parts.begin(), batch.parts.end(), [](const Part& part) { return part.is_journaled(); });
}

}  // namespace

// Not at once: a transport may answer inside send(), and pieces are many.
void SendingQueue::attempt_soon(At at) {
  at->next_attempt = now_.mono;
  some_due_ = true;
  pump();
}

void SendingQueue::attempt(At at) {
  at->under_way = true;
  at->request.spilled ? read_back(at) : send(at);
}

void SendingQueue::send(At at) {
  transport_->send(*at->request.batch, [this, at](const SendResult& result) { on_result(at, result); });
}

void SendingQueue::on_result(At at, const SendResult& result) {
  at->under_way = false;
  if (closing_) return;
  if (at->settled) {
    active_.erase(at);
    return;
  }
  switch (result.kind) {
    case SendResult::Kind::kOk:
      return deliver(at, result);
    case SendResult::Kind::kRetry:
      return retry_or_give_up(at, result);
    case SendResult::Kind::kPermanent:
    case SendResult::Kind::kTooLarge:
      return halve_or_give_up(at, result);
  }
}

// One bad span never takes others down.
void SendingQueue::halve_or_give_up(At at, const SendResult& result) {
  Batch& batch = *at->request.batch;
  const bool too_large = result.kind == SendResult::Kind::kTooLarge;
  const bool is_first = at->pieces.empty();
  const bool may_halve = (too_large || result.data_refused) && !sender_waits(batch);
  if (may_halve && (too_large ? at->pieces.too_large(batch) : at->pieces.refused(batch))) {
    if (is_first) env_.log->warn(env_.id, "Request refused. Sending it in halves.", {{"error", result.message}});
    return attempt_soon(at);
  }
  const std::string why = "not retryable error: Permanent error: " + result.message;
  if (may_halve && env_.journal != nullptr) {
    env_.journal->keep_refused(env_.signal, otlp::encode_to_string(batch), env_.id, why);
  }
  give_up(at, too_large ? DropReason::kTooLarge : DropReason::kRefused, why, false);
}

// A single one. Where requests were merged, none of their senders is told what another's caused.
bool SendingQueue::sender_waits(const Batch& batch) const {
  if (!setup_.queue.answers_on_delivery() || batch.parts.empty()) return false;
  const OriginRef& first = batch.parts.front().origin;
  return first && std::all_of(batch.parts.begin(), batch.parts.end(), [&](const Part& p) { return p.origin == first; });
}

void SendingQueue::deliver(At at, const SendResult& result) {
  const Batch& batch = *at->request.batch;
  const uint64_t items = batch.item_count();
  const uint64_t rejected = std::min(result.rejected, items);
  if (!result.told && (rejected > 0 || !result.message.empty())) {
    env_.log->warn(
        env_.id, "Partial success response",
        {{"message", result.message}, {"dropped_" + std::string(items_name(env_.signal)), std::to_string(rejected)}});
  }
  metrics_.sent(items);
  settle_delivered(*env_.ledger, batch, rejected, result.message);
  held_.remove(batch);
  finish(at);
}

void SendingQueue::retry_or_give_up(At at, const SendResult& result) {
  if (!setup_.retry.enabled) return give_up(at, DropReason::kRetriesExhausted, result.message, true);
  if (draining_ && is_journaled(*at->request.batch)) return let_go(at);
  if (draining_) return give_up(at, DropReason::kShutdown, "interrupted due to shutdown: " + result.message, true);
  const Duration delay = std::max(at->backoff.next(random_), result.retry_after);
  if (out_of_time(*at, delay)) {
    return give_up(at, DropReason::kRetriesExhausted, "no more retries left: " + result.message, true);
  }
  env_.log->info(env_.id, "Exporting failed. Will retry the request after interval.",
                 {{"error", result.message}, {"interval", go_duration(delay)}});
  // Never at once, whatever the config says: a tick must end.
  at->next_attempt = now_.mono + std::max(delay, Duration(1));
  pump();
}

bool SendingQueue::out_of_time(const Active& request, Duration delay) const {
  const Duration elapsed = now_.mono + delay - request.first_attempt;
  const std::optional<Duration> written = setup_.retry.max_elapsed_time;
  if (written) return *written > Duration{0} && elapsed > *written;
  if (elapsed <= kUnwrittenMaxElapsed || is_journaled(*request.request.batch)) return false;
  return setup_.queue.answers_on_delivery() || (env_.budget != nullptr && env_.budget->short_of_room());
}

void SendingQueue::give_up(At at, DropReason reason, const std::string& why, bool retryable) {
  const Batch& batch = *at->request.batch;
  const std::string items = std::to_string(batch.item_count());
  if (setup_.queue.enabled) {
    env_.log->error(env_.id, "Exporting failed. Dropping data.", {{"error", why}, {"dropped_items", items}});
  } else {
    env_.log->error(env_.id, "Exporting failed. Rejecting data.", {{"error", why}, {"rejected_items", items}});
  }
  metrics_.failed(batch.item_count());
  drop(batch, Settled::dropped(reason, why, retryable));
  finish(at);
}

void SendingQueue::drop(const Batch& batch, const Settled& how) {
  settle_at_door(*env_.ledger, batch, how);
  held_.remove(batch);
}

// What was sent is settled: its next piece, or the end.
void SendingQueue::finish(At at) {
  if (!at->pieces.next(*at->request.batch)) {
    active_.erase(at);
    return pump();
  }
  at->backoff = Backoff(setup_.retry);
  at->first_attempt = now_.mono;
  attempt_soon(at);
}

void settle_delivered(Ledger& ledger, const Batch& batch, uint64_t rejected, const std::string& message) {
  if (rejected == 0) return settle_at_door(ledger, batch, Settled::exported());
  const Settled refused = Settled::dropped(DropReason::kRejected, message);
  const uint64_t total = batch.item_count();
  uint64_t seen = 0;
  for_each_part(batch, [&](const Part& part, std::span<const uint32_t> items, uint64_t weight) {
    const uint64_t before = seen * rejected / total;
    seen += weight;
    const uint64_t refused_here = seen * rejected / total - before;
    if (part.destination == kNoDestination) return;
    // Which items were refused is not said: the first ones stand for them.
    const size_t first = std::min<size_t>(items.size(), refused_here);
    settle_items(ledger, batch.signal, part, items.first(first), refused_here, {part.destination}, refused);
    settle_items(ledger, batch.signal, part, items.subspan(first), weight - refused_here, {part.destination},
                 Settled::exported());
  });
}

}  // namespace weir
