// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "journal/segment_format.h"
#include "journal/segment_log.h"
#include "weir/disk.h"

namespace weir::journal {

// A file read from front to back through one block of memory. A page that cannot be read is zeros.
class FileWindow {
 public:
  static constexpr size_t kAhead = 1 << 20;
  FileWindow(DiskFile& file, uint64_t size, size_t ahead = kAhead) : file_(file), size_(size), ahead_(ahead) {}

  uint64_t size() const { return size_; }
  // `size` bytes at `offset`, less only at the end of the file. Valid until the next call.
  std::string_view view(uint64_t offset, size_t size);
  // Some of them, at least one where the file has it.
  std::string_view view_some(uint64_t offset, size_t most);

 private:
  void load(uint64_t offset, size_t size);
  void fill(uint64_t offset, size_t size);

  DiskFile& file_;
  uint64_t size_;
  size_t ahead_;
  std::unique_ptr<char[]> block_;
  size_t capacity_ = 0;
  uint64_t begin_ = 0;
  size_t held_ = 0;
};

// What a walk over a segment's records came to.
struct WalkEnd {
  std::vector<Damage> damages;  // between records, and records whose payload is broken; torn_tail is not judged
  uint64_t synced_to = 0;       // the greatest that a head says
  uint64_t end = kHeaderSize;   // of the last record whose head is sound
  bool clean = true;            // zeros follow, or nothing
};
using OnFrame = std::function<void(const HeadFrame& frame, uint64_t offset, std::string_view payload)>;

// Calls `on_frame` for every sound record (the payload of a request is checked, not given).
WalkEnd walk_records(FileWindow& window, uint64_t segment, std::optional<uint32_t> epoch, const OnFrame& on_frame);

// What can be said of a segment before its records are read.
struct Survey {
  enum class Header : uint8_t { kSound, kBroken, kOther };  // kOther: of the segment that the file was before
  uint64_t number = 0;
  uint64_t size = 0;
  Header header_state = Header::kBroken;
  SegmentHeader header;
  bool has_records = false;
  uint32_t version = 0;  // the newest that is named in it
  uint32_t epoch = 0;
  uint32_t routes_checksum = 0;
  std::optional<std::vector<Route>> routes;
  std::optional<uint64_t> end;  // as its own note says
};
Survey survey_segment(DiskFile& file, uint64_t number, uint64_t size);

// Up to where a segment's bytes are known to have been on disk.
struct SyncedPart {
  uint64_t end = 0;
  bool all = false;  // everything in it, wherever that ends
};
// As its note tells, or the headers after it: `segments` in order of their numbers.
SyncedPart synced_part(const std::vector<Survey>& segments, size_t index);

// The damages of one segment, each judged torn or not; what is missing at its end among them.
std::vector<Damage> judge_damages(const Survey& segment, const WalkEnd& walked, SyncedPart synced);

}  // namespace weir::journal
