// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "journal/books.h"
#include "journal/segment_log.h"
#include "weir/disk.h"
#include "weir/log.h"

namespace weir::journal {

struct LostByName {
  std::string destination;  // "" where nobody knows
  Signal signal = Signal::kTraces;
  uint64_t items = 0;
};

// What a start finds.
struct Recovered {
  std::string refused;      // not empty: do not start, and why
  uint64_t next = 1;        // number for the next request, above all that was ever seen
  uint64_t items = 0;       // of all requests ever appended
  uint64_t generation = 0;  // of the newest checkpoint
  std::string checkpoint;   // its name; "" where none is sound
  uint64_t checkpoint_bytes = 0;
  uint64_t segment = 0;  // where the log ends
  uint64_t offset = 0;
  OpenReport log;
  std::vector<LostByName> lost;  // acknowledged, not settled, and cannot be read any more
  uint64_t corrupt_records = 0;  // damages that were no torn tail, and live records that are not there
};

// Reads checkpoint and log into empty books; what is lost is settled in them. `read_only`: nothing on disk is touched.
Recovered recover(Disk& disk, SegmentLog& log, Books& books, bool read_only = false);

}  // namespace weir::journal
