// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "journal/recovery.h"

namespace weir::journal {

struct SegmentFacts {
  uint64_t number = 0;
  uint64_t bytes = 0;
  uint64_t live_bytes = 0;
  uint64_t live_records = 0;
};
// What one destination has not settled.
struct DestinationLag {
  std::string destination;
  Signal signal = Signal::kTraces;
  uint64_t records = 0;
  uint64_t items = 0;
};
struct JournalFacts {
  std::string refused;                 // not empty: it cannot be read, and why; the rest is empty then
  Recovered found;                     // damages, what is lost, which checkpoint counts
  std::vector<SegmentFacts> segments;  // by number
  uint64_t live_records = 0;
  uint64_t live_bytes = 0;
  uint64_t oldest_record = 0;       // 0: none is live
  Duration oldest_received{0};      // wall time
  std::vector<DestinationLag> lag;  // in order of first mention
  std::vector<std::string> foreign_files;
};
// Views and pointers hold during the visit.
struct LiveRequest {
  uint64_t record = 0;
  const RequestPayload* payload = nullptr;
  const RecordBook* book = nullptr;  // what is open, by destination of the route
  const Route* route = nullptr;
};

// A journal as it lies on disk, for `weir journal`: nothing is changed. One thread. Of a journal that a process is
// writing to meanwhile, it shows some recent moment, and damages that are none may be reported.
class JournalReader {
 public:
  JournalReader(Disk& disk, Log& log) : disk_(disk), log_(disk, log, {}) {}
  const JournalFacts& open();
  // In order of their numbers. How many could not be read.
  uint64_t for_each_live(const std::function<void(const LiveRequest&)>& visit);
  const Books& books() const { return books_; }

 private:
  void note_segments();
  void note_lag();
  void note_oldest();
  bool visit_one(uint64_t record, const RecordBook& book, const std::function<void(const LiveRequest&)>& visit);

  Disk& disk_;
  SegmentLog log_;
  Books books_;
  JournalFacts facts_;
};

}  // namespace weir::journal
