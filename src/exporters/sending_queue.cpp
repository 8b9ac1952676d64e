// SPDX-License-Identifier: Apache-2.0
#include "exporters/sending_queue.h"

#include <algorithm>
#include <utility>

#include "exporters/otlp_common.h"
#include "exporters/queue_batcher.h"
#include "exporters/queue_size.h"
#include "otlp/batch_ops.h"
#include "otlp/encoder.h"

namespace weir {

namespace {

// Its account must hear of what becomes of it: it came from a receiver with a journal, or its sender waits.
bool has_origin(const Batch& batch) {
  return std::any_of(batch.parts.begin(), batch.parts.end(), [](const Part& part) { return part.origin != nullptr; });
}

bool is_journaled(const Batch& batch) {
  return std::any_of(batch.parts.begin(), batch.parts.end(),
                     [](const Part& part) { return part.origin && part.origin->record() != 0; });
}

}  // namespace

SendingQueue::SendingQueue(const ComponentEnv& env, QueueSetup setup, std::unique_ptr<Transport> transport, Shard* home)
    : env_(env),
      setup_(std::move(setup)),
      metrics_(env, setup_.destination_labels),
      random_(env.seed),
      now_(env.clock->now()),
      home_(home),
      transport_(std::move(transport)) {
  if (setup_.queue.enabled && setup_.queue.batch) {
    batcher_ = std::make_unique<QueueBatcher>(*setup_.queue.batch, setup_.queue.batch_sizer(),
                                              [this](QueueRequest request) { ready_.push_back(std::move(request)); });
  }
  show_sizes();
}

SendingQueue::~SendingQueue() {
  closing_ = true;
  transport_.reset();
}

bool SendingQueue::idle() const {
  return active_.empty() && ready_.empty() && door_.empty() && (batcher_ == nullptr || batcher_->empty());
}

void SendingQueue::consume(Batch&& batch) {
  held_.add(batch);
  const uint64_t size = size_of(batch, setup_.queue.queue_sizer());
  if (door_.empty() && has_room(size)) {
    Reservation paid = pay_for_index(batch);
    QueueRequest request;
    request.batch = std::move(batch);
    enter(std::move(request), size, std::move(paid));
  } else {
    wait_at_door(std::move(batch), size);
  }
  pump();
}

bool SendingQueue::has_room(uint64_t size) const {
  const auto capacity = static_cast<uint64_t>(setup_.queue.queue_size);
  return !setup_.queue.enabled || queued_ == 0 || queued_ + size <= capacity;
}

// The bytes of a batch are paid for; its index is while it waits here, however long that is.
Reservation SendingQueue::pay_for_index(const Batch& batch) const {
  if (env_.budget == nullptr) return {};
  return Reservation::take(*env_.budget,
                           batch.spans.size() * sizeof(SpanRecord) + batch.items.size() * sizeof(ItemRecord));
}

void SendingQueue::enter(QueueRequest request, uint64_t size, Reservation paid) {
  request.places.push_back(std::make_shared<QueuePlace>(queued_, size, std::move(paid)));
  // What was spilled is not read back to be merged: it leaves as it is.
  if (batcher_ == nullptr || request.spilled) return ready_.push_back(std::move(request));
  batcher_->add(std::move(request), now_);
  if (draining_) batcher_->flush();
}

// Metrics that nobody can be refused for are bounded: what is newest says most, so the oldest at the door goes.
void SendingQueue::wait_at_door(Batch&& batch, uint64_t size) {
  Reservation paid = pay_for_index(batch);
  QueueRequest request;
  request.batch = std::move(batch);
  door_.push_back({std::move(request), size, std::move(paid)});
  if (short_of_memory() && spill(door_.back().request)) door_.back().paid = {};
  door_size_ += size;
  const auto capacity = static_cast<uint64_t>(setup_.queue.queue_size);
  while (env_.signal == Signal::kMetrics && door_size_ > capacity && door_.size() > 1 &&
         !door_.front().request.spilled && !has_origin(door_.front().request.batch)) {
    const Waiting oldest = std::move(door_.front());
    door_.pop_front();
    door_size_ -= oldest.size;
    const Batch& batch_of_oldest = oldest.request.batch;
    const uint64_t items = batch_of_oldest.item_count();
    metrics_.not_enqueued(items);
    env_.log->error(env_.id, "Exporting failed. Dropping data.",
                    {{"error", "sending queue is full"}, {"dropped_items", std::to_string(items)}});
    drop(batch_of_oldest, Settled::dropped(DropReason::kQueueFull, "sending queue is full", true));
  }
}

void SendingQueue::admit_from_door() {
  while (!door_.empty() && has_room(door_.front().size)) {
    Waiting first = std::move(door_.front());
    door_.pop_front();
    door_size_ -= first.size;
    enter(std::move(first.request), first.size, std::move(first.paid));
  }
}

// Starts what may start. A transport may answer at once, which ends up here again: the outer call goes on then.
void SendingQueue::pump() {
  if (pumping_ || closing_) return;
  pumping_ = true;
  const auto consumers = static_cast<size_t>(setup_.queue.num_consumers);
  for (admit_from_door(); !ready_.empty(); admit_from_door()) {
    if (setup_.queue.enabled && active_.size() >= consumers) break;
    start_next();
  }
  pumping_ = false;
}

void SendingQueue::start_next() {
  active_.emplace_back(std::move(ready_.front()), setup_.retry);
  ready_.pop_front();
  const At at = std::prev(active_.end());
  at->first_attempt = now_.mono;
  attempt(at);
}

void SendingQueue::attempt(At at) {
  at->under_way = true;
  at->request.spilled ? read_back(at) : send(at);
}

void SendingQueue::send(At at) {
  transport_->send(at->request.batch, [this, at](const SendResult& result) { on_result(at, result); });
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
      return refuse(at, result);
  }
}

// One bad span never takes others down.
void SendingQueue::refuse(At at, const SendResult& result) {
  const bool too_large = result.kind == SendResult::Kind::kTooLarge;
  const bool may_cut = too_large || (result.data_refused && at->cuts_left-- > 0);
  if (may_cut && cut(at)) return go_on_with_rest(at);
  const std::string why = "not retryable error: Permanent error: " + result.message;
  if (result.data_refused || too_large) keep_refused(at->request.batch, why);
  give_up(at, too_large ? DropReason::kTooLarge : DropReason::kRefused, why, false);
}

// In two halves, which are sent one after the other. Not where a sender waits: what it sent was refused, as a whole.
bool SendingQueue::cut(At at) {
  Batch& batch = at->request.batch;
  if (setup_.queue.answers_on_delivery() || batch.item_count() < 2) return false;
  Batch front = otlp::split_front(batch, batch.item_count() / 2);
  at->rest.push_front(std::exchange(batch, Batch{}));
  at->rest.push_front(std::move(front));
  return true;
}

void SendingQueue::keep_refused(const Batch& batch, const std::string& why) {
  if (env_.journal != nullptr) {
    env_.journal->keep_refused(batch.signal, otlp::encode_to_string(batch), env_.id, why);
  }
}

void SendingQueue::deliver(At at, const SendResult& result) {
  const Batch& batch = at->request.batch;
  const uint64_t items = batch.item_count();
  const uint64_t rejected = std::min(result.rejected, items);
  if (rejected > 0 || !result.message.empty()) {
    env_.log->warn(
        env_.id, "Partial success response",
        {{"message", result.message}, {"dropped_" + std::string(items_name(env_.signal)), std::to_string(rejected)}});
  }
  metrics_.sent(items);
  settle_delivered(*env_.ledger, batch, rejected, result.message);
  held_.remove(batch);
  go_on_with_rest(at);
}

void SendingQueue::retry_or_give_up(At at, const SendResult& result) {
  if (!setup_.retry.enabled) return give_up(at, DropReason::kRetriesExhausted, result.message, true);
  if (draining_ && is_journaled(at->request.batch)) {
    let_go_waiting();
    let_go(at->request);
    for (Batch& batch : at->rest) let_go({std::move(batch), nullptr, {}});
    return finish(at);
  }
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
  if (elapsed <= kUnwrittenMaxElapsed || is_journaled(request.request.batch)) return false;
  return setup_.queue.answers_on_delivery() || (env_.budget != nullptr && env_.budget->short_of_room());
}

void SendingQueue::give_up(At at, DropReason reason, const std::string& why, bool retryable) {
  const Batch& batch = at->request.batch;
  const std::string items = std::to_string(batch.item_count());
  if (setup_.queue.enabled) {
    env_.log->error(env_.id, "Exporting failed. Dropping data.", {{"error", why}, {"dropped_items", items}});
  } else {
    env_.log->error(env_.id, "Exporting failed. Rejecting data.", {{"error", why}, {"rejected_items", items}});
  }
  metrics_.failed(batch.item_count());
  drop(batch, Settled::dropped(reason, why, retryable));
  go_on_with_rest(at);
}

void SendingQueue::drop(const Batch& batch, const Settled& how) {
  settle_at_door(*env_.ledger, batch, how);
  held_.remove(batch);
}

void SendingQueue::go_on_with_rest(At at) {
  if (at->rest.empty()) return finish(at);
  at->request.batch = std::move(at->rest.front());
  at->rest.pop_front();
  at->backoff = Backoff(setup_.retry);
  at->first_attempt = now_.mono;
  // A transport may answer at once, and there may be hundreds of pieces: never one in the other's answer.
  at->next_attempt = now_.mono;
  if (home_ == nullptr) return;
  home_->post([this, alive = std::weak_ptr<int>(alive_)] {
    if (alive.lock()) attempt_what_is_due();
  });
}

void SendingQueue::finish(At at) {
  active_.erase(at);
  pump();
}

void SendingQueue::attempt_what_is_due() {
  for (;;) {
    const At due = std::find_if(active_.begin(), active_.end(), [this](const Active& request) {
      return !request.under_way && !request.settled && (draining_ || request.next_attempt <= now_.mono);
    });
    if (due == active_.end()) return;
    attempt(due);
  }
}

void SendingQueue::on_tick(Time now) {
  now_ = now;
  if (batcher_ != nullptr) batcher_->on_tick(now);
  attempt_what_is_due();
  pump();
  spill_waiting();
  show_sizes();
}

void SendingQueue::show_sizes() {
  metrics_.show(queued_, static_cast<uint64_t>(setup_.queue.queue_size), active_.size(), setup_.queue.enabled);
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
