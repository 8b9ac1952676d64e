// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <system_error>

#include "journal/disk_journal_impl.h"

// Room on disk: how much there is, writing sparse segments forward, and what the world hears of it.
namespace weir::journal {
namespace {

constexpr Duration kSurveyInterval = std::chrono::milliseconds(100);
constexpr Duration kMetricsInterval = std::chrono::seconds(1);
constexpr Duration kReserveInterval = std::chrono::seconds(1);
constexpr uint64_t kCopiedPerTick = 1 << 20;
constexpr uint64_t kSlackSegments = 4;

std::string bytes_text(uint64_t bytes) {
  char text[32];
  std::snprintf(text, sizeof text, bytes < 1'000'000'000 ? "%.1f MB" : "%.2f GB",
                static_cast<double>(bytes) / (bytes < 1'000'000'000 ? 1e6 : 1e9));
  return text;
}

}  // namespace

std::string errno_text(int error) { return std::generic_category().message(error); }

void DiskJournal::Impl::tick(Time now) {
  take_settlements();
  try_again(now);
  win_reserve_back(now);
  read_again(now);
  log_settlements(now);
  if (now.mono >= survey_at) {
    survey_at = now.mono + kSurveyInterval;
    survey_segments();
  }
  rewrite();
  if (!closed) checkpoint_tick(now);
  prepare_spare();
  spilled->tick(room_for_spills());
  update_metrics(now);
}

// What is in the closed segments, and whether that makes work.
void DiskJournal::Impl::survey_segments() {
  uint64_t emptiest = 0;
  uint64_t least = UINT64_MAX;
  uint64_t holding = 0;
  closed_bytes = dead_bytes = 0;
  for (const uint64_t segment : log.closed_segments()) {
    const uint64_t bytes = log.segment_bytes(segment);
    const uint64_t live = books.live_bytes_in(segment);
    closed_bytes += segment == head_segment ? 0 : bytes;
    if (live == 0) {
      dead_bytes += bytes;
      continue;
    }
    holding += bytes;
    if (live >= least || unreadable.contains(segment)) continue;
    least = live;
    emptiest = segment;
  }
  choose_to_copy(holding, emptiest);
  if (is_full && !full(std::min<uint64_t>(1 << 20, max_bytes / 64))) {
    is_full = false;
    set_health();
  }
}

// Disk stays within twice the live bytes; when it is full, within a third more.
void DiskJournal::Impl::choose_to_copy(uint64_t holding, uint64_t emptiest) {
  if (!to_copy.empty() || emptiest == 0) return;
  const uint64_t live = books.live_bytes();
  const uint64_t allowed = is_full ? live + live / 3 : 2 * live + kSlackSegments * options.segment_bytes;
  const uint64_t live_there = books.live_bytes_in(emptiest);
  const bool worth_it = live_there * 4 <= log.segment_bytes(emptiest) * (is_full ? 3 : 2);
  if (holding <= allowed || !worth_it) return;
  for (const uint64_t record : books.live_in(emptiest)) to_copy.push_back(record);
}

void DiskJournal::Impl::rewrite() {
  for (uint64_t copied = 0; failing == 0 && !disk_is_full && !to_copy.empty() && copied < kCopiedPerTick;
       to_copy.pop_front()) {
    const RecordBook* book = books.find(to_copy.front());
    if (book == nullptr || book->at.segment == 0 || book->at.segment == head_segment) continue;
    if (used_bytes() + log.pending_bytes() + book->at.size + reserve() / 2 > max_bytes) return;
    copied += book->at.size;
    copy_forward(to_copy.front(), *book);
  }
}

void DiskJournal::Impl::copy_forward(uint64_t record, const RecordBook& book) {
  Gathered copy;
  copy.copy = true;
  copy.ack = Ack::kDurable;  // the original is as safe, whatever its sender asked for
  const int error = log.read(book.at, copy.head, copy.body, Reservation::take(*world.budget, book.at.size));
  if (error != 0 || copy.head.sequence != record) {
    world.log->error("journal", "cannot read a record to write it forward", {{"error", errno_text(error)}});
    unreadable.insert(book.at.segment);
    return;
  }
  copy.head.route = book.route;
  gather(std::move(copy));
}

void DiskJournal::Impl::prepare_spare() {
  if (!spare_wanted || preparing || failing != 0 || log.disk_bytes() + options.segment_bytes > max_bytes) return;
  preparing = true;
  world.helper->post([impl = shared_from_this(), next = log.next_name()] {
    const bool more = impl->log.prepare_spare(next);
    impl->world.self->post([impl, more] {
      impl->preparing = false;
      impl->spare_wanted = more;
    });
  });
}

// What is settled can be freed only when that is written: the reserve's room is for it.
void DiskJournal::Impl::give_up_reserve(int error) {
  if (error != ENOSPC && error != EDQUOT) return;
  log.give_up_spare();
  disk_is_full = true;
}

void DiskJournal::Impl::win_reserve_back(Time now) {
  if (!disk_is_full || failing != 0) return;
  if (log.has_reserve()) {
    disk_is_full = false;
    return set_health();
  }
  if (now.mono < reserve_again_at) return;
  reserve_again_at = now.mono + kReserveInterval;
  spare_wanted = true;
}

// Kept for what must never wait for room: settlements, checkpoints, decisions, copies.
uint64_t DiskJournal::Impl::reserve() const {
  return std::max<uint64_t>(2 * options.segment_bytes, max_bytes / 32) + 3 * checkpoint_bytes;
}

bool DiskJournal::Impl::full(uint64_t more) const {
  return used_bytes() + log.pending_bytes() + more + reserve() > max_bytes;
}

uint64_t DiskJournal::Impl::room_for_spills() const {
  if (disk_is_full) return 0;
  const uint64_t others = closed_bytes + head_end + log.pending_bytes() + reserve();
  return max_bytes - std::min(max_bytes, others);
}

void DiskJournal::Impl::set_health() {
  JournalHealth now;
  now.accepting = failing == 0 && !is_full && !disk_is_full;
  if (failing != 0) {
    now.reason = "journal: " + errno_text(failing);
  } else if (disk_is_full) {
    now.reason = "journal: " + errno_text(ENOSPC);
  } else if (is_full) {
    now.reason = "journal: full: " + bytes_text(used_bytes()) + " of " + bytes_text(max_bytes);
  } else if (save_failing) {
    now.reason = "journal: no checkpoint can be written";
  }
  metrics.accepting.set(now.accepting ? 1 : 0);
  const std::lock_guard lock(health_mutex);
  health = std::move(now);
}

void DiskJournal::Impl::update_metrics(Time now) {
  if (now.mono < metrics_at) return;
  metrics_at = now.mono + kMetricsInterval;
  ages.try_emplace(next, now.wall);
  const uint64_t oldest = books.oldest();
  while (ages.size() > 1 && std::next(ages.begin())->first <= oldest) ages.erase(ages.begin());
  const Duration age = oldest == UINT64_MAX ? Duration(0) : std::max(Duration(0), now.wall - ages.begin()->second);
  metrics.oldest_age.set(std::chrono::duration<double>(age).count());
  metrics.bytes.set(static_cast<double>(log.disk_bytes()));
  metrics.spilled_bytes.set(static_cast<double>(spilled->disk_bytes()));
  metrics.live_bytes.set(static_cast<double>(books.live_bytes()));
  metrics.live_records.set(static_cast<double>(books.live_records()));
  metrics.segments.set(static_cast<double>(log.closed_segments().size() + 1));
}

}  // namespace weir::journal
