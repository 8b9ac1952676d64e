// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "journal/disk_journal_impl.h"

// A checkpoint is the books as they are at one moment, with all that they are about on disk in the log. A segment is
// given up only when the last two checkpoints both say that nothing in it is needed: should the newer one turn out to
// be broken, the other one and the log still tell everything.
namespace weir::journal {
namespace {

constexpr Duration kSaveBehindRound = std::chrono::milliseconds(500);  // states come within that
constexpr Duration kSaveAgain = std::chrono::seconds(1);
constexpr Duration kSaveAgainWhenFull = std::chrono::milliseconds(50);
constexpr uint64_t kDeadSegments = 4;

}  // namespace

void DiskJournal::Impl::checkpoint(const std::string& component, std::string state,
                                   const std::vector<Absorbed>& absorbed, Shard& back, Saved durable) {
  take_settlements();
  for (const Absorbed& items_counted : absorbed) absorb(items_counted);
  books.set_state(component, std::move(state));
  changed = true;
  if (closed && on_closed == nullptr && !save_running) {  // nothing is written any more
    return back.post([durable = std::move(durable)]() mutable { durable(false); });
  }
  waiting.push_back({&back, std::move(durable)});
  if (!save_running && !save_failing) begin_save();
}

CheckpointData DiskJournal::Impl::make_checkpoint() {
  books.forget_old_decisions();
  dead_now.clear();
  for (const uint64_t segment : log.closed_segments()) {
    if (books.live_bytes_in(segment) == 0) dead_now.push_back(segment);
  }
  changed = false;
  return {++generation, items, head_segment, head_end, books.save(next)};
}

void DiskJournal::Impl::begin_save() {
  if (save_running || failing != 0) return;
  take_settlements();
  if (!lines.empty()) {
    gather_settlements();
    put_into_log(gathered.back());
  }
  if (!commit(true)) return;
  save_running = true;
  save_at = Duration(0);
  last_save = world.clock->now().mono;
  saving = std::exchange(waiting, {});
  world.helper->post([impl = shared_from_this(), data = make_checkpoint()] {
    const int error = write_checkpoint(*impl->world.disk, data);
    impl->world.self->post([impl, error, bytes = data.books.size()] { impl->saved(error, bytes); });
  });
}

void DiskJournal::Impl::saved(int error, uint64_t bytes) {
  save_running = false;
  for (Waiting& one : std::exchange(saving, {})) {
    one.back->post([durable = std::move(one.durable), ok = error == 0]() mutable { durable(ok); });
  }
  if (error == 0) {
    checkpoint_bytes = bytes;
    retire(std::exchange(dead_then, std::move(dead_now)));
  } else {
    changed = true;
    give_up_reserve(error);
    save_at = world.clock->now().mono + kSaveAgain;
    world.log->error("journal", "cannot write a checkpoint", {{"error", errno_text(error)}});
  }
  save_failing = error != 0;
  set_health();
  if (on_closed) return finish_closing(error == 0);
  if (!waiting.empty() && !save_failing) begin_save();
}

void DiskJournal::Impl::retire(const std::vector<uint64_t>& dead) {
  for (const uint64_t segment : dead) {
    if (const int error = log.retire(segment); error != 0) {
      world.log->warn("journal", "cannot delete a segment", {{"error", errno_text(error)}});
      dead_then.push_back(segment);
    }
    unreadable.erase(segment);
  }
  if (!dead.empty()) survey_segments();
}

bool DiskJournal::Impl::save_is_due(Time now) const {
  if (save_running || failing != 0) return false;
  if (save_failing) return now.mono >= save_at;
  if (!waiting.empty() || (save_at != Duration(0) && now.mono >= save_at)) return true;
  if (dead_bytes == 0) return false;
  if (is_full || disk_is_full) return now.mono >= last_save + kSaveAgainWhenFull;
  const uint64_t many = std::min(kDeadSegments * options.segment_bytes, std::max<uint64_t>(max_bytes / 4, 1));
  return dead_bytes >= many && now.mono >= last_save + kSaveAgain;
}

void DiskJournal::Impl::checkpoint_tick(Time now) {
  const bool time = now.mono >= round_at + options.checkpoint_interval;
  if (time || appended_bytes >= round_bytes + options.checkpoint_bytes) {
    round.fetch_add(1, std::memory_order_relaxed);
    round_at = now.mono;
    round_bytes = appended_bytes;
    if (changed && save_at == Duration(0)) save_at = now.mono + kSaveBehindRound;
  }
  if (save_is_due(now)) begin_save();
}

void DiskJournal::Impl::close(Saved done) {
  closed = true;
  on_closed = std::move(done);
  if (save_running) return;  // saved() goes on
  finish_closing(true);
}

// One more checkpoint, unless nothing has changed since the last one or the disk fails.
void DiskJournal::Impl::finish_closing(bool ok) {
  take_settlements();
  if (ok && failing == 0 && (changed || !lines.empty() || !gathered.empty())) {
    begin_save();
    if (save_running) return;
  }
  for (Waiting& one : std::exchange(waiting, {})) {
    one.back->post([durable = std::move(one.durable)]() mutable { durable(false); });
  }
  std::exchange(on_closed, nullptr)(ok && failing == 0);
}

}  // namespace weir::journal
