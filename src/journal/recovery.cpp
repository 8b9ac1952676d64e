// SPDX-License-Identifier: Apache-2.0
#include "journal/recovery.h"

#include <algorithm>
#include <unordered_set>

#include "journal/checkpoint_file.h"

namespace weir::journal {
namespace {

// One run of recover(). The checkpoint says what was live below `upto_`; from there on the log says it.
class Recovery {
 public:
  Recovery(Disk& disk, SegmentLog& log, Books& books) : disk_(disk), log_(log), books_(books) {}
  Recovered run(bool read_only);

 private:
  // Items that should lie between two records and do not.
  struct Gap {
    uint64_t segment = 0;  // of the record behind it
    uint64_t offset = 0;
    uint64_t items = 0;
  };

  bool load_checkpoint();
  bool in_checkpoint(const Location& at) const {
    return std::pair(at.segment, uint64_t{at.offset}) < std::pair(segment_, offset_);
  }
  void found(const FoundRecord& record);
  void found_request(const FoundRecord& record);
  void add(const RecordHead& head, const Location& at);
  void follow_items(const FoundRecord& record);
  void found_settlements(std::string_view payload);
  void apply(const SettlementEntry& entry);
  void judge(const Damage& damage);
  void count_gaps();
  void lose(uint64_t record);
  void add_lost(const std::string& destination, Signal signal, uint64_t items);

  Disk& disk_;
  SegmentLog& log_;
  Books& books_;
  Recovered result_;
  uint64_t upto_ = 0;
  uint64_t segment_ = 0;  // the checkpoint's place in the log
  uint64_t offset_ = 0;
  bool complete_ = true;                    // all that was appended from `upto_` on is to be found
  uint64_t highest_ = 0;                    // request found
  std::unordered_set<uint64_t> missing_;    // live by the checkpoint, not found so far
  std::vector<SettlementEntry> unmatched_;  // of records that were not found, perhaps not yet
  std::vector<uint64_t> broken_;
  std::vector<Gap> gaps_;
};

bool Recovery::load_checkpoint() {
  CheckpointFound best;
  bool any = false;
  for (const char* name : {kCheckpoint, kOldCheckpoint}) {
    CheckpointFound found = read_checkpoint(disk_, name);
    any |= found.there;
    if (!found.refused.empty()) {
      result_.refused = found.refused;
      return false;
    }
    if (!found.sound || (best.sound && found.data.generation < best.data.generation)) continue;
    result_.checkpoint = name;
    best = std::move(found);
  }
  complete_ = best.sound || !any;
  if (!best.sound) return true;
  result_.generation = best.data.generation;
  result_.items = best.data.items;
  segment_ = best.data.segment;
  offset_ = best.data.offset;
  result_.checkpoint_bytes = best.data.books.size();
  if (!books_.load(best.data.books, upto_)) {
    result_.refused = result_.checkpoint + " is not what its checksum says";
    return false;
  }
  uint64_t record = 0;
  while (books_.next_after(record, record) != nullptr) missing_.insert(record);
  result_.next = std::max<uint64_t>(upto_, 1);
  return true;
}

void Recovery::found(const FoundRecord& record) {
  result_.segment = record.at.segment;
  result_.offset = uint64_t{record.at.offset} + record.at.size;
  result_.next = std::max(result_.next, record.head.sequence + 1);
  switch (record.head.kind) {
    case RecordKind::kRequest:
      found_request(record);
      break;
    case RecordKind::kSettlements:
      found_settlements(record.payload);
      break;
    case RecordKind::kDecisions:
      if (in_checkpoint(record.at)) break;
      if (auto decisions = decode_decisions(record.payload)) {
        books_.decide(decisions->first, record.head.sequence + 1, decisions->second);
      }
      break;
    case RecordKind::kRoutes:
      return;
  }
  if (record.head.kind != RecordKind::kRequest) follow_items(record);
}

// A number that was there before is a copy that was written forward: the later place counts.
void Recovery::found_request(const FoundRecord& record) {
  const uint64_t number = record.head.sequence;
  missing_.erase(number);
  if (books_.move(number, record.at)) return;
  if (number < upto_ || number <= highest_) return;
  follow_items(record);
  highest_ = number;
  add(record.head, record.at);
}

void Recovery::add(const RecordHead& head, const Location& at) {
  const std::vector<Route>& routes = log_.routes_of(at.segment);
  if (head.route >= routes.size() || head.items == 0) {
    return add_lost("", Signal::kTraces, head.items);
  }
  books_.add(head.sequence, head.items, books_.add_route(routes[head.route]), at);
}

void Recovery::follow_items(const FoundRecord& record) {
  if (record.head.sequence < upto_) return;
  if (record.head.items_before > result_.items) {
    gaps_.push_back({record.at.segment, record.at.offset, record.head.items_before - result_.items});
  }
  const uint64_t behind = record.head.items_before + record.head.items;
  result_.items = record.head.kind == RecordKind::kRequest ? behind : std::max(result_.items, behind);
}

void Recovery::found_settlements(std::string_view payload) {
  const auto entries = decode_settlements(payload);
  if (!entries) return;
  for (const SettlementEntry& entry : *entries) {
    if (books_.find(entry.record) != nullptr) {
      apply(entry);
    } else if (entry.record >= upto_ || !complete_) {
      unmatched_.push_back(entry);
    }
  }
}

void Recovery::apply(const SettlementEntry& entry) {
  if (books_.settle(entry.record, entry.destination, entry.items)) missing_.erase(entry.record);
}

void Recovery::judge(const Damage& damage) {
  if (damage.torn_tail) return;
  ++result_.corrupt_records;
  if (!damage.head_known) return;
  result_.next = std::max(result_.next, damage.head.sequence + 1);
  if (damage.head.kind != RecordKind::kRequest || damage.head.sequence < upto_) return;
  std::erase_if(gaps_, [&](Gap& gap) {  // it is known whose these are
    if (gap.segment < damage.segment || (gap.segment == damage.segment && gap.offset < damage.offset)) return false;
    const uint64_t mine = std::exchange(gap.items, gap.items - std::min<uint64_t>(gap.items, damage.head.items));
    return mine <= damage.head.items;
  });
  if (books_.find(damage.head.sequence) != nullptr) return;  // a copy of it is sound
  const Location at{damage.segment, static_cast<uint32_t>(damage.offset), static_cast<uint32_t>(damage.bytes)};
  add(damage.head, at);
  broken_.push_back(damage.head.sequence);
}

// A gap behind a torn tail was never acknowledged.
void Recovery::count_gaps() {
  const auto torn = [this](const Gap& gap) {
    return std::any_of(result_.log.damages.begin(), result_.log.damages.end(), [&](const Damage& damage) {
      return damage.torn_tail && damage.segment == gap.segment && damage.offset < gap.offset;
    });
  };
  if (!complete_) return;
  for (const Gap& gap : gaps_) {
    if (!torn(gap)) add_lost("", Signal::kTraces, gap.items);
  }
}

void Recovery::lose(uint64_t record) {
  const RecordBook* book = books_.find(record);
  if (book == nullptr) return;
  const Route& route = books_.routes()[book->route];
  for (size_t i = 0; i < book->open.size(); ++i) {
    add_lost(route.destinations[i], route.signal, book->open[i].items);
  }
  books_.settle(record, SettlementEntry::kEverywhere, {});
}

void Recovery::add_lost(const std::string& destination, Signal signal, uint64_t items) {
  if (items == 0) return;
  for (LostByName& lost : result_.lost) {
    if (lost.destination == destination && lost.signal == signal) {
      lost.items += items;
      return;
    }
  }
  result_.lost.push_back({destination, signal, items});
}

Recovered Recovery::run(bool read_only) {
  if (!load_checkpoint()) return std::move(result_);
  result_.log = log_.open([this](const FoundRecord& record) { found(record); }, read_only);
  if (!result_.log.refused.empty()) {
    result_.refused = result_.log.refused;
    return std::move(result_);
  }
  for (const Damage& damage : result_.log.damages) judge(damage);
  for (const SettlementEntry& entry : unmatched_) apply(entry);
  for (const uint64_t record : broken_) lose(record);
  for (const uint64_t record : missing_) {
    if (books_.find(record) == nullptr) continue;
    ++result_.corrupt_records;
    lose(record);
  }
  count_gaps();
  books_.forget_old_decisions();
  return std::move(result_);
}

}  // namespace

Recovered recover(Disk& disk, SegmentLog& log, Books& books, bool read_only) {
  return Recovery(disk, log, books).run(read_only);
}

}  // namespace weir::journal
