// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "journal/segment_format.h"
#include "journal/segment_log.h"
#include "journal/spares.h"
#include "weir/disk.h"
#include "weir/log.h"

namespace weir::journal {

struct RouteTable {
  explicit RouteTable(std::vector<Route> all)
      : list(std::move(all)), payload(encode_routes(list)), checksum(crc32c(payload)) {}
  std::vector<Route> list;
  std::string payload;
  uint32_t checksum;
};
using RouteTableRef = std::shared_ptr<const RouteTable>;

// A record on its way to the disk.
struct GatheredRecord {
  RecordHead head;
  std::vector<std::string_view> pieces;
  uint32_t checksum = 0;  // of the payload
  RouteTableRef routes;
};

struct Segment {
  uint64_t bytes = 0;  // of disk
  uint32_t epoch = 0;
  RouteTableRef routes;
  bool header_sound = false;
  uint64_t previous = 0;  // as its header says
  uint64_t previous_end = 0;
};
using Segments = std::map<uint64_t, Segment>;

// The last request of the log: what kRoutes records say.
struct LogProgress {
  uint64_t sequence = 0;
  uint64_t items = 0;
  void note(const RecordHead& head);
};

// Puts records into the segment that is being written, and begins another where they do not fit.
class SegmentWriter {
 public:
  struct Start {
    uint64_t next_number = 1;
    uint32_t epoch = 1;
    uint64_t previous = 0;
    uint64_t previous_end = 0;
    LogProgress progress;
  };
  SegmentWriter(Disk& disk, Log& log, Spares& spares, Segments& segments, uint32_t segment_bytes)
      : disk_(disk), log_(log), spares_(spares), segments_(segments), segment_bytes_(segment_bytes) {}

  void start(const Start& start) { start_ = start; }
  // All of it, or nothing that counts; once more in another segment where the first try fails.
  int write(const std::deque<GatheredRecord>& records, bool sync, std::vector<Location>& placed);
  // The name of the one that will be begun next.
  std::string next_name() const { return segment_name(start_.next_number); }
  // The segment that is being written; 0: none.
  uint64_t active() const { return file_ ? number_ : 0; }
  uint32_t epoch() const { return start_.epoch; }

 private:
  int attempt(const std::deque<GatheredRecord>& records, bool sync, std::vector<Location>& placed);
  bool fits(const GatheredRecord& record) const;
  bool better_in_another(const std::deque<GatheredRecord>& records) const;
  int next_segment(const GatheredRecord& first);
  bool routes_are_due() const;
  Location place(const GatheredRecord& record);
  void place_routes();
  void add_record(const RecordHead& head, uint32_t checksum, const std::vector<std::string_view>& pieces);
  int flush(bool sync);
  int begin_segment(const GatheredRecord& first);
  int make_file(uint64_t bytes, bool& recycled);
  void close_segment();
  void give_up(int error);

  Disk& disk_;
  Log& log_;
  Spares& spares_;
  Segments& segments_;
  const uint32_t segment_bytes_;
  Start start_;

  // The segment that is being written.
  std::unique_ptr<DiskFile> file_;
  uint64_t number_ = 0;
  uint64_t capacity_ = 0;
  RouteTableRef routes_;
  uint64_t end_ = 0;           // of what is placed
  uint64_t written_ = 0;       // … what is written
  uint64_t synced_ = 0;        // … what is on disk
  uint64_t committed_ = 0;     // … what somebody was told is written
  uint64_t routes_again_ = 0;  // the second copy of the routes is due behind this; 0: it is there
  size_t safe_ = 0;            // records of this write() that are on disk in segments before this one

  // What is placed and not yet written.
  HeaderBytes header_;
  std::deque<HeadBytes> heads_;
  std::vector<std::string_view> pieces_;
};

}  // namespace weir::journal
