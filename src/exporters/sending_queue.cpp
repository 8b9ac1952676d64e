// SPDX-License-Identifier: Apache-2.0
#include "exporters/sending_queue.h"

#include <algorithm>
#include <utility>

#include "exporters/otlp_common.h"
#include "exporters/queue_batcher.h"
#include "exporters/queue_size.h"

namespace weir {

SendingQueue::SendingQueue(const ComponentEnv& env, QueueSetup setup, std::unique_ptr<Transport> transport)
    : env_(env),
      setup_(std::move(setup)),
      metrics_(env, setup_.destination_labels),
      random_(env.seed),
      now_(env.clock->now()),
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
    enter(std::move(batch), size, std::move(paid));
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

void SendingQueue::enter(Batch&& batch, uint64_t size, Reservation paid) {
  QueueRequest request;
  request.batch = std::move(batch);
  request.places.push_back(std::make_shared<QueuePlace>(queued_, size, std::move(paid)));
  if (batcher_ == nullptr) return ready_.push_back(std::move(request));
  batcher_->add(std::move(request), now_);
  if (draining_) batcher_->flush();
}

// Metrics that nobody can be refused for are bounded: what is newest says most, so the oldest at the door goes.
void SendingQueue::wait_at_door(Batch&& batch, uint64_t size) {
  Reservation paid = pay_for_index(batch);
  door_.push_back({std::move(batch), size, std::move(paid)});
  door_size_ += size;
  const auto capacity = static_cast<uint64_t>(setup_.queue.queue_size);
  while (env_.signal == Signal::kMetrics && door_size_ > capacity && door_.size() > 1) {
    const Waiting oldest = std::move(door_.front());
    door_.pop_front();
    door_size_ -= oldest.size;
    metrics_.not_enqueued(oldest.batch.item_count());
    env_.log->error(env_.id, "Exporting failed. Dropping data.",
                    {{"error", "sending queue is full"}, {"dropped_items", std::to_string(oldest.batch.item_count())}});
    drop(oldest.batch, Settled::dropped(DropReason::kQueueFull, "sending queue is full", true));
  }
}

void SendingQueue::admit_from_door() {
  while (!door_.empty() && has_room(door_.front().size)) {
    Waiting first = std::move(door_.front());
    door_.pop_front();
    door_size_ -= first.size;
    enter(std::move(first.batch), first.size, std::move(first.paid));
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
      return give_up(at, DropReason::kRefused, "not retryable error: Permanent error: " + result.message, false);
    case SendResult::Kind::kTooLarge:
      return give_up(at, DropReason::kTooLarge, "not retryable error: Permanent error: " + result.message, false);
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
  finish(at);
}

void SendingQueue::retry_or_give_up(At at, const SendResult& result) {
  if (!setup_.retry.enabled) return give_up(at, DropReason::kRetriesExhausted, result.message, true);
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
  if (elapsed <= kUnwrittenMaxElapsed) return false;
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
  finish(at);
}

void SendingQueue::drop(const Batch& batch, const Settled& how) {
  settle_at_door(*env_.ledger, batch, how);
  held_.remove(batch);
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
  show_sizes();
}

void SendingQueue::flush(Time now) {
  now_ = now;
  draining_ = true;
  if (batcher_ != nullptr) batcher_->flush();
  attempt_what_is_due();
  pump();
}

void SendingQueue::abandon() {
  const auto settle_left = [this](const Batch& batch) {
    drop(batch, Settled::dropped(DropReason::kShutdown, "interrupted due to shutdown", true));
  };
  for (const Waiting& waiting : door_) settle_left(waiting.batch);
  for (const QueueRequest& request : ready_) settle_left(request.batch);
  if (batcher_ != nullptr) batcher_->give_up([&](const QueueRequest& request) { settle_left(request.batch); });
  for (Active& request : active_) {
    if (!request.settled) settle_left(request.request.batch);
    request.settled = true;
  }
  door_.clear();
  door_size_ = 0;
  ready_.clear();
  active_.remove_if([](const Active& request) { return !request.under_way; });
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
