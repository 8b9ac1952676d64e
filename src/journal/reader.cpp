// SPDX-License-Identifier: Apache-2.0
#include "journal/reader.h"

#include <algorithm>
#include <array>

#include "journal/checkpoint_file.h"

namespace weir::journal {
namespace {

bool is_ours(const std::string& name) {
  static const std::array<std::string, 8> kNames = {kCheckpoint, kOldCheckpoint, kNewCheckpoint, kBrokenCheckpoint,
                                                    "lock",      "crash",        "refused",      "quarantine"};
  return std::find(kNames.begin(), kNames.end(), name) != kNames.end();
}

}  // namespace

const JournalFacts& JournalReader::open() {
  facts_ = {};
  books_ = {};
  facts_.found = recover(disk_, log_, books_, true);
  facts_.refused = facts_.found.refused;
  if (!facts_.refused.empty()) return facts_;
  for (const std::string& name : facts_.found.log.foreign_files) {
    if (!is_ours(name)) facts_.foreign_files.push_back(name);
  }
  facts_.live_records = books_.live_records();
  facts_.live_bytes = books_.live_bytes();
  note_segments();
  note_lag();
  note_oldest();
  return facts_;
}

void JournalReader::note_segments() {
  std::vector<uint64_t> numbers = log_.closed_segments();
  if (facts_.found.segment != 0 && (numbers.empty() || numbers.back() != facts_.found.segment)) {
    numbers.push_back(facts_.found.segment);
  }
  for (const uint64_t number : numbers) {
    facts_.segments.push_back(
        {number, log_.segment_bytes(number), books_.live_bytes_in(number), books_.live_in(number).size()});
  }
}

void JournalReader::note_lag() {
  const auto of = [this](const std::string& destination, Signal signal) -> DestinationLag& {
    for (DestinationLag& lag : facts_.lag) {
      if (lag.destination == destination && lag.signal == signal) return lag;
    }
    return facts_.lag.emplace_back(DestinationLag{destination, signal});
  };
  uint64_t record = 0;
  while (const RecordBook* book = books_.next_after(record, record)) {
    const Route& route = books_.routes()[book->route];
    for (uint32_t i = 0; i < book->open.size(); ++i) {
      if (books_.ways(book->route, i) == 0) continue;
      DestinationLag& lag = of(route.destinations[i], route.signal);
      lag.items += book->open[i].items;
      lag.records += book->open[i].items > 0 ? 1 : 0;
    }
  }
}

void JournalReader::note_oldest() {
  uint64_t record = 0;
  const RecordBook* book = books_.next_after(0, record);
  if (book == nullptr) return;
  facts_.oldest_record = record;
  visit_one(record, *book,
            [this](const LiveRequest& request) { facts_.oldest_received = request.payload->context.received.wall; });
}

bool JournalReader::visit_one(uint64_t record, const RecordBook& book,
                              const std::function<void(const LiveRequest&)>& visit) {
  RecordHead head;
  BufferRef payload;
  if (log_.read(book.at, head, payload) != 0 || head.sequence != record) return false;
  const auto request = decode_request(payload->view());
  if (!request) return false;
  visit({record, &*request, &book, &books_.routes()[book.route]});
  return true;
}

uint64_t JournalReader::for_each_live(const std::function<void(const LiveRequest&)>& visit) {
  uint64_t unreadable = 0;
  uint64_t record = 0;
  while (const RecordBook* book = books_.next_after(record, record)) {
    if (!visit_one(record, *book, visit)) ++unreadable;
  }
  return unreadable;
}

}  // namespace weir::journal
