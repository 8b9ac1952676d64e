// SPDX-License-Identifier: Apache-2.0
// Thousands of logs with one thing wrong: opening succeeds, loses only the records that were touched, and says so.
#include <algorithm>
#include <set>

#include "segment_log_fixture.h"

namespace weir::journal {
namespace {

using test::SimDisk;

constexpr SegmentLogOptions kSmall{.segment_bytes = 16 << 10, .spares = 2};

// A log of three processes, with recycled segments among the written ones.
struct Base {
  explicit Base(uint64_t seed) : disk(seed) {
    std::mt19937_64 random(seed);
    uint64_t next = 1;
    for (int process = 0; process < 3; ++process) {
      LogBench bench(disk, kSmall);
      bench.next = next;
      bench.log.prepare_spare(bench.log.next_name());
      bench.log.prepare_spare(bench.log.next_name());
      for (int commits = 0; commits < 12; ++commits) {
        for (uint64_t count = random() % 4; count > 0; --count) bench.append(50 + random() % (random() % 3000 + 1));
        REQUIRE(bench.commit() == 0);
      }
      retire_first(bench);
      // Something that says that all before it is safe.
      const std::string nothing = encode_settlements({});
      bench.log.append({.kind = RecordKind::kSettlements}, {nothing});
      REQUIRE(bench.log.commit(true, [](size_t, const Location&) {}) == 0);
      next = bench.next;
    }
    LogBench last(disk, kSmall, true);
    REQUIRE(last.report.damages.empty());
    places = last.requests();
    last_record = last.found.back().at;
  }
  static void retire_first(LogBench& bench) {
    const auto closed = bench.log.closed_segments();
    if (!closed.empty()) REQUIRE(bench.log.retire(closed.front()) == 0);
  }

  SimDisk disk;
  std::map<uint64_t, Location> places;
  Location last_record;
};

// What a case does to one file.
struct Harm {
  std::string file;
  uint64_t from = 0;
  uint64_t to = 0;
  bool removed = false;

  bool touches(const Location& at) const {
    return segment_name(at.segment) == file && (removed || (at.offset < to && at.offset + at.size > from));
  }
};

Harm do_harm(SimDisk& disk, std::mt19937_64& random) {
  const std::vector<std::string> names = disk.names();
  Harm harm{.file = names[random() % names.size()]};
  const uint64_t size = disk.bytes(harm.file).size();
  harm.from = random() % size;
  harm.to = harm.from + 1;
  switch (random() % 5) {
    case 0:
      harm.to = size;
      disk.cut(harm.file, harm.from);
      break;
    case 1:
      if (random() % 2 == 0) harm.from -= harm.from % 4096;
      harm.to = std::min(size, harm.from + 4096);
      disk.zero(harm.file, harm.from, 4096);
      break;
    case 2:
      if (random() % 2 == 0) {
        disk.put("foreign", payload_of(1, 5000));
        return {};
      }
      harm.removed = true;
      disk.drop(harm.file);
      break;
    default:
      disk.flip_bit(harm.file, harm.from, random() % 8);
  }
  return harm;
}

// Nobody can tell that a log was longer: what is behind the harm in the last segment has to say so.
bool can_be_told(const Base& base, const Harm& harm) {
  return harm.file != segment_name(base.last_record.segment) || harm.to <= base.last_record.offset;
}

void check_touched(const Base& base, const LogBench& bench, const Harm& harm, uint64_t sequence, const Location& at) {
  const bool padding_only = bench.requests().contains(sequence);
  const bool told = std::any_of(bench.report.damages.begin(), bench.report.damages.end(), [&](const Damage& damage) {
    return !damage.torn_tail && damage.segment == at.segment && damage.offset < at.offset + at.size &&
           damage.offset + damage.bytes > at.offset;
  });
  INFO("request " << sequence << " at " << at.offset << " of segment " << at.segment);
  CHECK((harm.removed || told || padding_only || !can_be_told(base, harm)));
}

void check_case(const Base& base, uint64_t seed) {
  std::mt19937_64 random(seed);
  const auto disk = base.disk.kill();
  const Harm harm = do_harm(*disk, random);
  INFO("seed " << seed << ": " << harm.file << " from " << harm.from << " to " << harm.to);
  LogBench bench(*disk, kSmall);
  REQUIRE(bench.report.refused.empty());
  const auto requests = bench.requests();
  for (const auto& [sequence, at] : base.places) {
    if (harm.touches(at)) {
      check_touched(base, bench, harm, sequence, at);
      continue;
    }
    REQUIRE(requests.contains(sequence));
    CHECK(bench.reads(sequence, requests.at(sequence)));
    CHECK(bench.log.routes_of(at.segment) == routes_named("otlp"));
  }
  for (const auto& [sequence, at] : requests) {
    CHECK(base.places.contains(sequence));
    CHECK(bench.reads(sequence, at));
  }
  // … and it is written to again.
  bench.next = 1'000'000;
  bench.add(100);
  CHECK(LogBench(*disk, kSmall).requests().contains(1'000'000));
}

}  // namespace

TEST_CASE("one thing wrong in a log loses what was touched and nothing else") {
  for (uint64_t base = 0; base < 25; ++base) {
    const Base log(base);
    for (uint64_t seed = 0; seed < 100; ++seed) check_case(log, base * 1000 + seed);
  }
}

}  // namespace weir::journal
