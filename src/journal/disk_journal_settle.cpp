// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <iterator>
#include <utility>

#include "journal/disk_journal_impl.h"

namespace weir::journal {
namespace {

bool before(const SettlementEntry& a, const SettlementEntry& b) {
  return a.record != b.record ? a.record < b.record : a.destination < b.destination;
}

// One line for each record and destination.
std::vector<SettlementEntry> merged(std::vector<SettlementEntry> lines) {
  std::stable_sort(lines.begin(), lines.end(), before);
  std::vector<SettlementEntry> out;
  for (SettlementEntry& line : lines) {
    if (out.empty() || before(out.back(), line)) {
      out.push_back(std::move(line));
    } else if (line.items.empty()) {
      out.back().items.clear();  // all
    } else if (!out.back().items.empty()) {
      out.back().items.insert(out.back().items.end(), line.items.begin(), line.items.end());
    }
  }
  return out;
}

}  // namespace

void DiskJournal::Impl::take_settlements() {
  inbox->take(taken);
  size_t at = 0;
  for (const SettlementInbox::Line& line : taken.lines) {
    settle(line.record, line.destination, std::span(taken.items).subspan(at, line.count));
    at += line.count;
  }
  changed |= !taken.lines.empty();
}

// In the books, and noted for the log. Where several ways lead to a destination, the log hears only that all is settled
// on all of them: it could not say on which way an item was.
void DiskJournal::Impl::settle(uint64_t record, uint32_t destination, std::span<const uint32_t> items_settled) {
  const RecordBook* book = books.find(record);
  if (book == nullptr) return;
  const bool several = books.ways(book->route, destination) > 1;
  const bool done = books.settle(record, destination, items_settled);
  if (!several) {
    lines.push_back({record, destination, {items_settled.begin(), items_settled.end()}});
  } else if (done || book->open[destination].items == 0) {
    lines.push_back({record, destination, {}});
  }
}

// The log does not hear of it: a checkpoint holds it together with the state.
void DiskJournal::Impl::absorb(const Absorbed& absorbed) {
  const RecordBook* book = books.find(absorbed.record);
  if (book == nullptr || absorbed.items.empty()) return;
  const uint32_t index = inbox->routes[book->route].index_of(absorbed.destination);
  if (index != AccountRoute::kNowhere) books.settle(absorbed.record, index, absorbed.items);
}

// None at all is a record too: it shows whether the disk works.
void DiskJournal::Impl::gather_settlements() {
  std::vector<SettlementEntry> entries = merged(std::exchange(lines, {}));
  Gathered record;
  record.head.kind = RecordKind::kSettlements;
  record.prefix = encode_settlements(entries);
  std::move(entries.begin(), entries.end(), std::back_inserter(lines_gathered));
  record.ack = options.ack == Ack::kDurable ? Ack::kDurable : Ack::kBuffered;
  gathered.push_back(std::move(record));
  proven = next;
}

// What stands behind a record shows that it was synced: damage to it is a loss then, and no torn tail. When requests
// have stopped coming, settlements without a line prove the last one.
bool DiskJournal::Impl::last_needs_proof(Time now) {
  if (now.mono < look_at) return false;
  look_at = now.mono + options.settlement_interval;
  if (looked_at == 0) proven = next;
  const bool quiet = std::exchange(looked_at, next) == next;
  return quiet && proven != next;
}

// Logs what was settled since the last time.
void DiskJournal::Impl::log_settlements(Time now) {
  if (failing != 0 || now.mono < settlements_at) return;
  if (lines.empty() && !last_needs_proof(now)) return;
  settlements_at = now.mono + options.settlement_interval;
  gather_settlements();
  put_into_log(gathered.back());
  want_commit();
}

}  // namespace weir::journal
