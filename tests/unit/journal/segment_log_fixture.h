// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "journal/segment_format.h"
#include "journal/segment_log.h"
#include "support/catch.h"
#include "support/quiet.h"
#include "support/sim_disk.h"

namespace weir::journal {

inline std::vector<Route> routes_named(const std::string& name) { return {{name, Signal::kTraces, {name + " -> a"}}}; }

// What request `sequence` holds: its bytes follow from its number and size.
inline std::string payload_of(uint64_t sequence, size_t size) {
  std::mt19937_64 random(sequence);
  std::string bytes(size, '\0');
  for (char& byte : bytes) byte = static_cast<char>(random());
  return bytes;
}

// A log on a disk, and what its openings find.
struct LogBench {
  struct Found {
    RecordHead head;
    Location at;
    std::string payload;
  };

  explicit LogBench(test::SimDisk& its_disk, SegmentLogOptions options = {.segment_bytes = 16 << 10},
                    bool read_only = false)
      : disk(its_disk), log(disk, quiet, options) {
    report = log.open(
        [this](const FoundRecord& record) {
          found.push_back({record.head, record.at, std::string(record.payload)});
        },
        read_only);
    for (const Found& record : found) {
      if (record.head.kind == RecordKind::kRequest) next = std::max(next, record.head.sequence + 1);
    }
    log.set_routes(routes_named("otlp"));
  }

  // Gathers a request of that size; its number.
  uint64_t append(size_t size) {
    const uint64_t sequence = next++;
    const std::string& bytes = payloads.emplace_back(payload_of(sequence, size));
    const std::string_view all = bytes;
    log.append({.sequence = sequence, .items = 3, .items_before = 3 * (sequence - 1)},
               {all.substr(0, size / 3), all.substr(size / 3)});
    gathered.push_back(sequence);
    return sequence;
  }
  int commit(bool sync = true) {
    const std::vector<uint64_t> records = std::exchange(gathered, {});
    const int error = log.commit(sync, [&](size_t index, const Location& at) { placed[records.at(index)] = at; });
    payloads.clear();
    return error;
  }
  Location add(size_t size, bool sync = true) {
    const uint64_t sequence = append(size);
    REQUIRE(commit(sync) == 0);
    return placed.at(sequence);
  }
  // True where the record is read and is what was appended.
  bool reads(uint64_t sequence, const Location& at) {
    RecordHead head;
    BufferRef payload;
    return log.read(at, head, payload) == 0 && head.sequence == sequence &&
           payload->view() == payload_of(sequence, payload->size());
  }
  // The requests that opening found; where one is there twice, the later place.
  std::map<uint64_t, Location> requests() const {
    std::map<uint64_t, Location> all;
    for (const Found& record : found) {
      if (record.head.kind == RecordKind::kRequest) all[record.head.sequence] = record.at;
    }
    return all;
  }
  size_t lost_places() const {
    size_t count = 0;
    for (const Damage& damage : report.damages) count += damage.torn_tail || damage.header ? 0 : 1;
    return count;
  }

  test::SimDisk& disk;
  test::QuietLog quiet;
  SegmentLog log;
  OpenReport report;
  std::vector<Found> found;
  std::map<uint64_t, Location> placed;
  std::vector<uint64_t> gathered;
  std::deque<std::string> payloads;
  uint64_t next = 1;
};

}  // namespace weir::journal
