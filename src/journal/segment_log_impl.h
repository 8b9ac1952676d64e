// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>

#include "journal/record_reader.h"
#include "journal/segment_log.h"
#include "journal/segment_writer.h"
#include "journal/spares.h"

namespace weir::journal {

struct SegmentLog::Impl {
  Impl(Disk& its_disk, Log& its_log, SegmentLogOptions its_options)
      : disk(its_disk),
        log(its_log),
        options(its_options),
        spares(disk, options.segment_bytes, options.spares + options.reserve, options.reserve),
        writer(disk, log, spares, segments, options.segment_bytes),
        reader(disk) {}

  // Before a segment goes: what its header says of those before it is said by their own.
  int hand_on_ends(uint64_t segment);
  int write_end(uint64_t segment, uint64_t end);

  Disk& disk;
  Log& log;
  const SegmentLogOptions options;
  Segments segments;
  Spares spares;
  SegmentWriter writer;
  RecordReader reader;
  RouteTableRef routes = std::make_shared<const RouteTable>(std::vector<Route>());
  std::deque<GatheredRecord> gathered;
  bool too_large = false;
};

}  // namespace weir::journal
