// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "journal/disk_journal.h"
#include "support/quiet.h"
#include "support/sim.h"
#include "support/sim_disk.h"

namespace weir::journal {

inline constexpr DestinationId kTempo = 3;
inline constexpr DestinationId kJaeger = 4;
inline constexpr DestinationId kMetrics = 5;

inline JournalRoute three_ways() {
  return {{"otlp", Signal::kTraces, {"traces -> tempo", "traces -> jaeger", "traces => span_metrics"}},
          {kTempo, kJaeger, kMetrics}};
}
inline JournalRoute one_way() { return {{"otlp", Signal::kTraces, {"traces -> tempo"}}, {kTempo}}; }

struct Kept {
  BufferRef bytes;
  ContextRef context;
  OriginRef account;
  uint32_t items = 0;
};

// One life of a journal, on one thread. Shard 0 is the journal's own, 1 its helper, 2 the stages'.
class JournalWorld {
 public:
  explicit JournalWorld(test::SimDisk& its_disk, JournalOptions options = {}, uint64_t seed = 1,
                        std::vector<JournalRoute> routes = {three_ways()})
      : disk(its_disk), shards(3, seed) {
    journal = std::make_unique<DiskJournal>(
        DiskJournal::World{&disk, &shards.at(0), &shards.at(1), &clock, &budget, &telemetry, &log}, options);
    error = journal->open();
    if (error.empty()) lost = journal->set_routes(std::move(routes));
  }

  Shard& stages() { return shards.at(2); }

  void append(std::string body, uint32_t items, Ack ack = Ack::kDurable, uint32_t route = 0,
              absl::AnyInvocable<void(const AppendResult&)> also = {}) {
    auto context = std::make_shared<Context>();
    context->receiver = "otlp";
    context->received = clock.now();
    AppendRequest request{Signal::kTraces, route, items, BufferRef::copy_of(body), context, ack};
    journal->append(std::move(request), stages(), [this, also = std::move(also)](AppendResult result) mutable {
      if (also) also(result);
      results.push_back(std::move(result));
    });
  }
  AppendResult append_now(std::string body, uint32_t items, Ack ack = Ack::kDurable, uint32_t route = 0) {
    append(std::move(body), items, ack, route);
    run();
    return results.back();
  }

  // One tick of 10 ms each, everything run in between.
  void run(Duration time = Duration(0)) {
    shards.run_until_idle();
    for (; time > Duration(0); time -= std::chrono::milliseconds(10)) {
      clock.advance(std::chrono::milliseconds(10));
      shards.at(0).post([this] { journal->tick(clock.now()); });
      shards.run_until_idle();
    }
  }

  std::vector<ReplayRecord> replay(uint64_t after = 0) {
    std::vector<ReplayRecord> all;
    for (bool end = false; !end;) {
      bool answered = false;
      journal->replay(after, 1000, stages(), [&](std::vector<ReplayRecord> records, bool at_end) {
        answered = true;
        end = at_end;
        for (ReplayRecord& record : records) {
          after = record.sequence;
          all.push_back(std::move(record));
        }
      });
      shards.run_until_idle();
      if (!answered) break;
    }
    return all;
  }

  bool checkpoint(std::string state, std::vector<Absorbed> absorbed = {}) {
    int durable = -1;
    journal->checkpoint("span_metrics", std::move(state), std::move(absorbed), stages(),
                        [&durable](bool ok) { durable = ok ? 1 : 0; });
    shards.run_until_idle();
    return durable == 1;
  }
  bool close() {
    int closed = -1;
    shards.at(0).post([&] { journal->close([&closed](bool ok) { closed = ok ? 1 : 0; }); });
    shards.run_until_idle();
    return closed == 1;
  }
  std::string read(uint64_t record) {
    std::string bytes = "not answered";
    journal->read(record, stages(), [&](BufferRef got) { bytes = got ? std::string(got->view()) : "null"; });
    shards.run_until_idle();
    return bytes;
  }
  static std::vector<uint32_t> all(uint32_t items) {
    std::vector<uint32_t> list(items);
    for (uint32_t i = 0; i < items; ++i) list[i] = i;
    return list;
  }
  static void settle(const OriginRef& account, DestinationId destination, std::vector<uint32_t> items) {
    account->settle(destination, items, items.size(), Settled::exported());
  }

  test::SimDisk& disk;
  ByteBudget budget{uint64_t{1} << 30};
  test::NoTelemetry telemetry;
  test::QuietLog log;
  test::ManualClock clock;
  test::SimShards shards;
  std::unique_ptr<DiskJournal> journal;
  std::string error;
  std::vector<LostItems> lost;
  std::vector<AppendResult> results;
};

}  // namespace weir::journal
