// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>

#include "journal/segment_log.h"
#include "journal/segment_scan.h"
#include "weir/disk.h"

namespace weir::journal {

// Reads single records. Ahead, where they are asked for one after another (replay); only what is asked for elsewhere.
class RecordReader {
 public:
  explicit RecordReader(Disk& disk) : disk_(disk) {}

  // `growing`: the segment is being written, so that nothing of it may be kept.
  int read(const Location& at, uint32_t epoch, bool growing, RecordHead& head, BufferRef& payload, Reservation paid);
  // The segment's file is about to go.
  void forget(uint64_t segment);

 private:
  static constexpr size_t kFiles = 8;
  struct OpenFile {
    uint64_t segment = 0;
    std::unique_ptr<DiskFile> file;
    std::unique_ptr<FileWindow> window;
    uint64_t last_end = 0;
    uint64_t used = 0;
  };
  int file_of(uint64_t segment, OpenFile*& file);
  int read_whole(OpenFile& from, const Location& at, uint32_t epoch, RecordHead& head, BufferRef& payload,
                 Reservation paid);

  Disk& disk_;
  std::vector<OpenFile> files_;
  uint64_t uses_ = 0;
};

}  // namespace weir::journal
