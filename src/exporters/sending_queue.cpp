// SPDX-License-Identifier: Apache-2.0
#include "exporters/sending_queue.h"

#include <algorithm>
#include <utility>

#include "exporters/queue_batcher.h"
#include "exporters/queue_size.h"

namespace weir {

namespace {

// Its account must hear of what becomes of it: it came from a receiver with a journal, or its sender waits.
bool has_origin(const Batch& batch) {
  return std::any_of(batch.parts.begin(), batch.parts.end(), [](const Part& part) { return part.origin != nullptr; });
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
    batcher_ =
        std::make_unique<QueueBatcher>(*setup_.queue.batch, setup_.queue.batch_sizer(), [this](QueueRequest request) {
          ready_.push_back(std::move(request));
          some_in_memory_ = true;
        });
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
    request.batch = std::make_unique<Batch>(std::move(batch));
    enter(std::move(request), size, std::move(paid));
  } else {
    wait_at_door(std::move(batch), size);
  }
  pump();
  spill_newest();
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
  request.batch = std::make_unique<Batch>(std::move(batch));
  door_.push_back({std::move(request), size, std::move(paid)});
  door_size_ += size;
  const auto capacity = static_cast<uint64_t>(setup_.queue.queue_size);
  while (env_.signal == Signal::kMetrics && door_size_ > capacity && door_.size() > 1 &&
         !door_.front().request.spilled && !has_origin(*door_.front().request.batch)) {
    const Waiting oldest = std::move(door_.front());
    door_.pop_front();
    door_size_ -= oldest.size;
    const Batch& batch_of_oldest = *oldest.request.batch;
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
  do {
    if (std::exchange(some_due_, false)) attempt_what_is_due();
    for (admit_from_door(); may_start(); admit_from_door()) start_next();
  } while (some_due_);
  pumping_ = false;
}

bool SendingQueue::may_start() const {
  if (ready_.empty()) return false;
  return !setup_.queue.enabled || active_.size() < static_cast<size_t>(setup_.queue.num_consumers);
}

void SendingQueue::start_next() {
  active_.emplace_back(std::move(ready_.front()), setup_.retry);
  ready_.pop_front();
  const At at = std::prev(active_.end());
  at->first_attempt = now_.mono;
  attempt(at);
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
  some_due_ = true;
  pump();
  spill_waiting();
  show_sizes();
}

void SendingQueue::show_sizes() {
  metrics_.show(queued_, static_cast<uint64_t>(setup_.queue.queue_size), active_.size(), setup_.queue.enabled);
}

}  // namespace weir
