// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "journal/books.h"
#include "journal/recovery.h"
#include "journal/segment_log.h"
#include "weir/batch.h"
#include "weir/disk.h"
#include "weir/log.h"

namespace weir {

// What a journal's directory held when it was read. A process may be writing to it meanwhile: records that it has
// settled since cannot be read any more.
class JournalPicture {
 public:
  struct LiveRecord {
    uint64_t number = 0;
    const journal::RecordBook* book = nullptr;
    const journal::Route* route = nullptr;
    Context context;
    Batch batch;
    std::string broken;  // not empty: why batch and context are empty
    bool open(uint32_t item) const;
  };

  using TraceKey = std::pair<uint64_t, uint64_t>;
  static TraceKey key(const TraceId& trace) { return {trace.word[0], trace.word[1]}; }

  JournalPicture(Disk& disk, Log& log) : disk_(disk), log_(log) {}

  // "" or why there is nothing to show. A read that met damages is done again: what a writer changed under the reader
  // looks like damage, but not twice.
  std::string read();
  const journal::Recovered& recovered() const { return recovered_; }
  const journal::Books& books() const { return *books_; }
  uint64_t disk_bytes() const { return segments_->disk_bytes(); }
  bool decided(const TraceId& trace) const { return decided_.contains(key(trace)); }

  // All live records in their order, one at a time in memory.
  void each_live(const std::function<void(const LiveRecord&)>& visit);

 private:
  void read_once();
  void note_decisions();
  bool damaged() const;
  void load(LiveRecord& record);

  Disk& disk_;
  Log& log_;
  std::unique_ptr<journal::SegmentLog> segments_;
  std::unique_ptr<journal::Books> books_;
  journal::Recovered recovered_;
  absl::flat_hash_set<TraceKey> decided_;  // by any sampler
};

}  // namespace weir
