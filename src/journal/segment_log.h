// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "journal/format.h"
#include "weir/bytes.h"
#include "weir/disk.h"
#include "weir/log.h"

namespace weir::journal {

// Where a record lies: its head's first byte.
struct Location {
  uint64_t segment = 0;
  uint32_t offset = 0;
  uint32_t size = 0;  // head, payload and padding
};

struct SegmentLogOptions {
  uint32_t segment_bytes = 16 << 20;  // a record that is greater gets a segment of its own
  uint32_t spares = 2;                // dead segments kept, to be written over
};

// What opening found, record by record in the order in which they were appended (copies that were rewritten forward
// come again: the later place counts).
struct FoundRecord {
  RecordHead head;
  Location at;
  std::string_view payload;  // empty for kRequest
};
// Bytes that should be a record and are not.
struct Damage {
  uint64_t segment = 0;
  uint64_t offset = 0;
  uint64_t bytes = 0;
  bool torn_tail = false;   // behind the last record that is known to be synced: nobody was told it is safe
  bool head_known = false;  // only the payload is broken: `head` says whose
  RecordHead head;
};
struct OpenReport {
  std::string
      refused;  // not empty: do not start, and why ("… written by format 2, weir >= x needed"); nothing was touched
  std::vector<Damage> damages;
  std::vector<std::string> foreign_files;  // left alone
  uint64_t segments = 0;
};

// The append-only log of segments (DESIGN §5): one thread, no clock, no policy. Records are gathered by append(), and
// written and synced by commit(). Every record's checksum (CRC32C) is seeded with its segment's number and
// epoch, so that what a recycled segment held before is never taken for a record.
//
// After a failed write or sync of a segment its pages are not trusted: commit() closes it, opens another and appends
// all that was not yet synced again, once; if that fails too it gives the errno, and nothing that was gathered is safe.
class SegmentLog {
 public:
  SegmentLog(Disk& disk, Log& log, SegmentLogOptions options);
  ~SegmentLog();

  // Reads all segments. `found` is called for every sound record. Requests are checked, their payloads not given.
  // `read_only`: for `weir journal`; nothing is made or changed.
  OpenReport open(const std::function<void(const FoundRecord&)>& found, bool read_only = false);
  // The routes that every new segment begins with. Takes effect with a new segment, which the next append opens.
  void set_routes(std::vector<Route> routes);
  const std::vector<Route>& routes() const { return routes_; }
  // The routes of a segment that open() found, for its requests' RecordHead::route.
  const std::vector<Route>& routes_of(uint64_t segment) const;

  // Gathers one record; `pieces` are its payload and stay valid until the commit that follows.
  void append(const RecordHead& head, std::vector<std::string_view> pieces);
  // Writes what was gathered; with `sync`, returns only when it is on disk. `placed(index, location)`: where each
  // gathered record lies now, in order of append. 0, or the errno: then none of them counts.
  int commit(bool sync, const std::function<void(size_t index, const Location&)>& placed);
  uint64_t pending_bytes() const { return pending_bytes_; }

  // The whole payload of a record, checked again. 0, or the errno (EBADMSG: it does not pass its checksum).
  int read(const Location& at, RecordHead& head, BufferRef& payload, Reservation paid = {});

  // Segments that are not written to any more, oldest first.
  std::vector<uint64_t> closed_segments() const;
  uint64_t segment_bytes(uint64_t segment) const;
  uint64_t disk_bytes() const;  // of all segments, spares included
  // No record in it is needed any more: kept as a spare, or deleted.
  int retire(uint64_t segment);
  // Makes a zero-filled spare where one is missing; may be called from another thread than the rest, one at a time.
  // True where there was something to do.
  bool prepare_spare();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
  std::vector<Route> routes_;
  uint64_t pending_bytes_ = 0;
};

}  // namespace weir::journal
