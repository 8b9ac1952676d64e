// SPDX-License-Identifier: Apache-2.0
// The end of a queue: what can still leave does; what is journaled is let go, for the next start.
#include <algorithm>
#include <utility>

#include "exporters/queue_batcher.h"
#include "exporters/sending_queue.h"

namespace weir {

namespace {

// Its items come again with the next start, also where a processor has rewritten them.
bool all_journaled(const Batch& batch) {
  return std::all_of(batch.parts.begin(), batch.parts.end(), [](const Part& part) { return part.is_journaled(); });
}

}  // namespace

void SendingQueue::flush(Time now) {
  now_ = now;
  draining_ = true;
  if (batcher_ != nullptr) batcher_->flush();
  const bool failing = std::any_of(active_.begin(), active_.end(),
                                   [](const Active& request) { return !request.under_way && !request.settled; });
  if (env_.journal != nullptr && failing) let_go_waiting();
  some_due_ = true;
  pump();
}

// Neither settled nor forgotten: these items count as held until the process ends.
void SendingQueue::let_go(const Part& part, std::span<const uint32_t> items, uint64_t weight) {
  if (part.is_journaled()) return;
  if (part.destination == kNoDestination) return;
  settle_items(*env_.ledger, env_.signal, part, items, weight, {part.destination},
               Settled::dropped(DropReason::kShutdown, "interrupted due to shutdown", true));
  if (env_.signal == Signal::kTraces) held_.remove(part.destination, weight);
}

void SendingQueue::let_go(const Batch& batch) {
  for_each_part(batch, [this](const Part& part, std::span<const uint32_t> items, uint64_t weight) {
    let_go(part, items, weight);
  });
}

void SendingQueue::let_go(const QueueRequest& request) {
  if (!request.spilled) let_go(*request.batch);
}

void SendingQueue::let_go(At at) {
  let_go(at->request);
  at->pieces.for_each([this](const Batch& piece) { let_go(piece); });
  active_.erase(at);
  let_go_waiting();
  pump();
}

// The destination fails: what is journaled does not wait for it. What is not stays, for its one attempt.
void SendingQueue::let_go_waiting() {
  const auto journaled = [](const QueueRequest& request) { return request.spilled || all_journaled(*request.batch); };
  std::erase_if(door_, [&](const Waiting& waiting) { return journaled(waiting.request); });
  std::erase_if(ready_, journaled);
  door_size_ = 0;
  for (const Waiting& waiting : door_) door_size_ += waiting.size;
  active_.remove_if([&](Active& active) {
    bool all = !active.under_way && journaled(active.request);
    active.pieces.for_each([&](const Batch& piece) { all = all && all_journaled(piece); });
    return all;
  });
}

void SendingQueue::abandon() {
  for (const Waiting& waiting : door_) let_go(waiting.request);
  for (const QueueRequest& request : ready_) let_go(request);
  if (batcher_ != nullptr) batcher_->give_up([&](const QueueRequest& request) { let_go(request); });
  for (Active& active : active_) {
    if (!active.settled) {
      let_go(active.request);
      active.pieces.for_each([this](const Batch& piece) { let_go(piece); });
    }
    active.settled = true;
  }
  door_.clear();
  door_size_ = 0;
  ready_.clear();
  active_.remove_if([](const Active& active) { return !active.under_way; });
  show_sizes();
}

}  // namespace weir
