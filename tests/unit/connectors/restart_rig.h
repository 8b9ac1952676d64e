// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "rig.h"

namespace weir::test {

// A clock whose two hands are set as wanted.
struct SetClock final : Clock {
  Time now() const override { return at; }
  Time at;
};

// What of a journal a connector can see, and what of it outlives a crash: the last durable state with the items that
// it holds. Works on a shard of its own, so that a crash may come before a checkpoint is durable or before that is
// known.
class RestartJournal final : public Journal {
 public:
  struct Saved {
    std::string state;
    std::set<std::pair<uint64_t, uint32_t>> items;  // record, item
  };

  void append(AppendRequest, Shard&, absl::AnyInvocable<void(AppendResult)>) override {}
  void append_decisions(const std::string&, std::vector<LoggedDecision>, Shard&, Task) override {}
  std::vector<LoggedDecision> restored_decisions(const std::string&) const override { return {}; }
  void checkpoint(const std::string& component, std::string state, std::vector<Absorbed> absorbed, Shard& back,
                  absl::AnyInvocable<void(bool ok)> durable) override;
  std::string restored_state(const std::string&) const override { return durable.state; }
  uint64_t checkpoint_round() const override { return round; }
  SpilledRef spill(BufferRef) override { return nullptr; }
  void read(uint64_t, Shard&, absl::AnyInvocable<void(BufferRef)>) override {}
  void keep_refused(Signal, std::string, std::string, std::string) override {}

  Saved durable;
  SimShards* actor = nullptr;
  uint64_t round = 0;
  bool failing = false;
  int checkpoints = 0;
  int counted_twice = 0;  // items that two checkpoints hold

 private:
  std::vector<Absorbed> pending_;  // of checkpoints that failed
};

class CountingLog final : public Log {
 public:
  void write(LogLevel level, std::string_view, std::string_view, LogFields) override {
    if (level == LogLevel::kWarn) ++warnings;
  }
  int warnings = 0;
};

using Maker = std::function<std::unique_ptr<MetricsConnector>(const ComponentEnv&)>;

// A connector in one process after another. Requests are in the log before the connector sees them, and are replayed
// after a crash, without the items that the last durable checkpoint holds.
class RestartRig {
 public:
  // `journaled` false: no journal, for the truth.
  RestartRig(Maker make, uint64_t seed, bool journaled = true);

  void start(uint32_t shards);
  // All that is not durable is gone, also tasks under way.
  void crash();
  // A last flush, as at SIGTERM.
  void stop();

  // Moves both clocks; everybody gets a tick, once the tasks come to it.
  void advance(Duration by);
  void feed(std::vector<TestGroup> groups);
  // Runs that many of the tasks that wait, in an order drawn from the seed.
  void run(uint64_t tasks);
  void settle() { run(UINT64_MAX); }

  struct Record {
    std::string bytes;
    Time received;
  };
  SetClock clock;
  std::vector<Record> log;  // the number of a record is its place + 1
  RestartJournal journal;
  CountingLog lines;
  MetricsSink sink;  // as Prometheus: has seen all that was sent by any of the processes

 private:
  struct Process {
    explicit Process(uint32_t count, uint64_t seed) : budget(uint64_t{1} << 30), shards(count, seed), actor(1, seed) {}
    ByteBudget budget;
    Ledger ledger;
    SumTelemetry telemetry;
    SimShards shards;
    SimShards actor;
    std::unique_ptr<MetricsConnector> connector;
    std::vector<std::shared_ptr<AbsorbedList>> absorbed;
    std::vector<std::unique_ptr<Observer>> observers;
  };
  void replay();
  void tick(Time now, bool home);
  void deliver(uint64_t record);

  Maker make_;
  uint64_t seed_;
  bool journaled_;
  std::set<std::pair<uint64_t, uint32_t>> settled_;  // before this start
  std::optional<Process> process_;
};

}  // namespace weir::test
