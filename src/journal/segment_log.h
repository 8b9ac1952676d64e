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
  uint32_t spares = 2;                // made ahead; four times as many dead ones are kept, to be written over
  uint32_t reserve = 0;               // spares more that only give_up_spare() takes
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
  bool header = false;      // only the segment's header: no record is lost by it
  bool head_known = false;  // only the payload is broken: `head` says whose
  RecordHead head;
};
struct OpenReport {
  // Not empty: do not start, and why ("… written by format 2, weir >= x needed"); nothing was touched.
  std::string refused;
  std::vector<Damage> damages;
  // Neither segments nor spares, left alone; the caller knows its own files among them.
  std::vector<std::string> foreign_files;
  uint64_t segments = 0;
};

// The append-only log of segments (DESIGN §5): one thread, no clock, no policy. Records are gathered by append(), and
// written and synced by commit(). Every record's checksum (CRC32C) is seeded with its segment's number and
// epoch, so that what a recycled segment held before is never taken for a record.
//
// After a failed write or sync of a segment its pages are not trusted: commit() closes it, opens another and appends
// all that was gathered again, once; if that fails too it gives the errno, and nothing that was gathered is safe. The
// next commit begins another segment. What was committed without sync before is not appended again: its bytes are gone.
//
// What open() may find after that: a record twice (the later place counts), and, where the disk did not even let the
// segment be cut off, a record whose commit had failed. So the caller never gives its number to another request.
class SegmentLog {
 public:
  SegmentLog(Disk& disk, Log& log, SegmentLogOptions options);
  ~SegmentLog();

  // Reads all segments. `found` is called for every sound record, kRoutes too. Requests are checked, their payloads not
  // given. `read_only`: for `weir journal`; nothing is made or changed. routes_of() answers already during the call.
  // Missing segments are no damage: RecordHead::items_before tells. Nothing is appended to a segment that was found.
  OpenReport open(const std::function<void(const FoundRecord&)>& found, bool read_only = false);
  // The routes that every new segment begins with. Takes effect with a new segment, which the next append opens.
  void set_routes(std::vector<Route> routes);
  const std::vector<Route>& routes() const { return routes_; }
  // The routes of a segment that open() found, for its requests' RecordHead::route.
  const std::vector<Route>& routes_of(uint64_t segment) const;

  // Gathers one record; `pieces` are its payload (1 GiB at most; head.size is filled in) and stay valid until the
  // commit that follows.
  void append(const RecordHead& head, std::vector<std::string_view> pieces);
  // Writes what was gathered; with `sync`, returns only when it is on disk. `placed(index, location)`: where each
  // gathered record lies now, in order of append. 0, or the errno: then none of them counts. With nothing gathered,
  // `sync` brings what was committed without it to the disk.
  int commit(bool sync, const std::function<void(size_t index, const Location&)>& placed);
  uint64_t pending_bytes() const { return pending_bytes_; }

  // The whole payload of a record, checked again. 0, or the errno (EBADMSG: it does not pass its checksum).
  int read(const Location& at, RecordHead& head, BufferRef& payload, Reservation paid = {});

  // Segments that are not written to any more, oldest first. The newest of all is not among them: its number must not
  // be forgotten.
  std::vector<uint64_t> closed_segments() const;
  uint64_t segment_bytes(uint64_t segment) const;
  uint64_t disk_bytes() const;  // of all segments, spares included
  // No record in it is needed any more: kept as a spare, or deleted. 0, or the errno: it is still there (EBUSY: it is
  // the newest).
  int retire(uint64_t segment);
  // The name of the segment that will be begun next.
  std::string next_name() const;
  // Puts a spare in the place of `next`, and makes a zero-filled one where one is missing; may be called from another
  // thread than the rest, one at a time. True where there was something to make.
  bool prepare_spare(const std::string& next);
  // Deletes a spare, the reserve too: room on a full disk for what frees more.
  void give_up_spare();
  bool has_reserve() const;

 private:
  struct Impl;
  struct Opening;
  std::unique_ptr<Impl> impl_;
  std::vector<Route> routes_;
  uint64_t pending_bytes_ = 0;
};

}  // namespace weir::journal
