// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "journal/format.h"
#include "weir/budget.h"
#include "weir/clock.h"
#include "weir/disk.h"
#include "weir/journal.h"
#include "weir/log.h"
#include "weir/telemetry.h"

namespace weir::journal {

struct JournalOptions {
  uint64_t max_bytes = 0;  // of disk; 0: 80 % of what is free at the start
  Ack ack = Ack::kDurable;
  Duration settlement_interval = std::chrono::milliseconds(100);
  Duration checkpoint_interval = std::chrono::seconds(10);
  uint64_t checkpoint_bytes = 64 << 20;
  uint32_t segment_bytes = 16 << 20;     // less where max_bytes is small
  std::map<uint64_t, int> crashes = {};  // how often each record was being worked on when the process died (CrashPage)
};

// What one receiver's requests of one signal feed: the destinations that count them, in the order of JournalRoute ids.
struct JournalRoute {
  Route names;
  std::vector<DestinationId> destinations;  // same order as names.destinations
};

// A live record on its way through replay.
struct ReplayRecord {
  uint64_t sequence = 0;
  uint32_t route = 0;  // index into the current routes: the record's own, or the one that has most of its destinations
  Signal signal = Signal::kTraces;
  uint32_t items = 0;
  BufferRef bytes;  // the request
  ContextRef context;
  OriginRef account;
};

// Items of records that were acknowledged and cannot be read any more, or that go to a destination that is not there
// any more: to be entered into the books by whoever owns them.
struct LostItems {
  DestinationId destination = kNoDestination;  // kNoDestination: nobody knows whose
  std::string name;                            // of the destination
  uint64_t items = 0;
  DropReason reason = DropReason::kCorrupt;
  Signal signal = Signal::kTraces;
};

// How the disk is, for /readyz and metrics. Thread-safe to ask for.
struct JournalHealth {
  bool accepting = true;
  std::string reason;  // why not: "journal: fdatasync: Input/output error", "journal: full: 1.0 GB of 1.0 GB"
};

// The journal of the process (DESIGN §5): an actor on its own shard `self`, with `helper`, a second one, for slow work
// (checkpoint files, zero-filling). Only open() and what is marked thread-safe is called from elsewhere. It has no
// thread and no timer of its own: tick() is called on `self` about every 10 ms.
class DiskJournal final : public Journal {
 public:
  struct World {
    Disk* disk = nullptr;
    Shard* self = nullptr;
    Shard* helper = nullptr;
    Clock* clock = nullptr;
    ByteBudget* budget = nullptr;
    Telemetry* telemetry = nullptr;
    Log* log = nullptr;
  };
  DiskJournal(World world, JournalOptions options);
  ~DiskJournal() override;

  // Before any shard runs. Reads checkpoint and log; "" or why the process must not start.
  std::string open();
  // After open() and once the graph has given out its destinations, before any shard runs: route i of append() is
  // routes[i]. Says what is lost for good. A record that crashed the process twice goes to quarantine/ here.
  std::vector<LostItems> set_routes(std::vector<JournalRoute> routes);

  // Journal
  void append(AppendRequest request, Shard& back, absl::AnyInvocable<void(AppendResult)> done) override;
  void append_decisions(const std::string& sampler, std::vector<LoggedDecision> decisions, Shard& back,
                        Task written) override;
  std::vector<LoggedDecision> restored_decisions(const std::string& sampler) const override;
  void checkpoint(const std::string& component, std::string state, std::vector<Absorbed> absorbed, Shard& back,
                  absl::AnyInvocable<void(bool ok)> durable) override;
  std::string restored_state(const std::string& component) const override;
  uint64_t checkpoint_round() const override;
  SpilledRef spill(BufferRef bytes) override;
  void read(uint64_t number, Shard& back, absl::AnyInvocable<void(BufferRef)> done) override;
  void keep_refused(Signal signal, std::string request, std::string destination, std::string message) override;

  // Thread-safe. Live records after `after` in order of their numbers, about `bytes` of them; `end`: there are no more,
  // and from now on append() delivers itself (`records` is empty then). What is unreadable at the moment is waited
  // for, half a minute long; then it is left out and stays live for the next start.
  void replay(uint64_t after, uint64_t bytes, Shard& back,
              absl::AnyInvocable<void(std::vector<ReplayRecord> records, bool end)> done);

  void tick(Time now);
  // On `self`: writes and syncs all that is known (settlements, a last checkpoint), then calls done(ok).
  void close(absl::AnyInvocable<void(bool ok)> done);
  JournalHealth health() const;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace weir::journal
