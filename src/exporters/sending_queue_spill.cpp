// SPDX-License-Identifier: Apache-2.0
// While memory is short, what waits is held by the journal alone (law 6).
#include <utility>

#include "exporters/sending_queue.h"

namespace weir {

namespace {
constexpr Duration kSpillEvery = std::chrono::milliseconds(100);
}

bool SendingQueue::spill(QueueRequest& request) {
  if (request.spilled || !SpilledBatch::possible(*request.batch)) return false;
  request.spilled = std::make_unique<SpilledBatch>(*request.batch, SpilledBatch::Stores{*env_.journal, *env_.budget});
  request.batch.reset();
  for (const auto& place : request.places) place->stop_paying();
  spilled_bytes_ += request.spilled->bytes();
  return true;
}

// What comes while memory is short does not wait for the next look: a burst would spend all of it meanwhile.
void SendingQueue::spill_newest() {
  if (door_.empty() && ready_.empty()) return;
  QueueRequest& newest = door_.empty() ? ready_.back() : door_.back().request;
  if (short_of_memory() && spill(newest) && !door_.empty()) door_.back().paid = {};
  some_in_memory_ |= !newest.spilled;
}

// What will be sent last first.
void SendingQueue::spill_waiting() {
  if (!some_in_memory_ || !short_of_memory() || now_.mono < next_spill_) return;
  next_spill_ = now_.mono + kSpillEvery;
  for (auto at = door_.rbegin(); at != door_.rend() && short_of_memory(); ++at) {
    if (spill(at->request)) at->paid = {};
  }
  for (auto at = ready_.rbegin(); at != ready_.rend() && short_of_memory(); ++at) spill(*at);
  some_in_memory_ = !short_of_memory();
}

void SendingQueue::read_back(At at) {
  at->request.spilled->read_back(
      *env_.journal, *home_,
      [this, at, alive = std::weak_ptr<int>(alive_)](Batch batch, std::vector<SpilledBatch::Lost> lost) {
        if (alive.lock()) was_read_back(at, std::move(batch), std::move(lost));
      });
}

void SendingQueue::was_read_back(At at, Batch batch, std::vector<SpilledBatch::Lost> lost) {
  if (at->settled) {
    active_.erase(at);
    return pump();
  }
  spilled_bytes_ -= at->request.spilled->bytes();
  at->request.spilled.reset();
  at->request.batch = std::make_unique<Batch>(std::move(batch));
  for (const SpilledBatch::Lost& piece : lost) {
    env_.log->error(
        env_.id, "a record of the journal cannot be read back",
        {{"record", std::to_string(piece.part.origin->record())}, {"items", std::to_string(piece.items.size())}});
    settle_items(*env_.ledger, env_.signal, piece.part, piece.items, piece.items.size(), {piece.part.destination},
                 Settled::dropped(DropReason::kCorrupt));
    if (env_.signal == Signal::kTraces) held_.remove(piece.part.destination, piece.items.size());
  }
  if (at->request.batch->item_count() == 0) return finish(at);
  send(at);
}

}  // namespace weir
