// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "backend.h"
#include "daemon/wiring/graph.h"
#include "daemon/wiring/replayer.h"
#include "journal/disk_journal.h"
#include "support/quiet.h"
#include "support/sim.h"
#include "support/sim_disk.h"

namespace weir::test {

// One life of the whole process on one thread, from a seed: N shards, the journal's two, the graph of a configuration,
// everything real but the disk, the clock and the backends. Dropping it is kill -9 as far as memory goes.
class Process {
 public:
  // What lies on `disk` is what the life before left.
  Process(const std::string& config, uint32_t shards, uint64_t seed, ManualClock& clock, SimDisk& disk,
          Backend& backend, uint64_t memory);
  ~Process();
  const std::string& refused_start() const { return refused_; }

  using Answered = std::function<void(Answer::Kind)>;
  void send(const std::string& request, Answered answered);
  // Posts the ticks of one moment; nothing runs yet.
  void tick();
  // Runs at most `tasks` of what is to do; false where all is done.
  bool run(uint64_t tasks);
  void run_until_idle();
  // Law 4's identity, when idle. Says what is wrong, or "".
  std::string check_identity() const;
  std::string accounts() const;
  uint64_t held() const;
  uint64_t lost() const { return lost_; }  // items that were acknowledged and could not be read back at the start
  bool replaying() const { return graph_->replaying(); }
  journal::JournalHealth health() const { return journal_->health(); }
  Ledger& ledger() { return ledger_; }

 private:
  class Loops;
  void start(const std::string& config);

  ManualClock& clock_;
  Backend& backend_;
  std::mt19937_64 random_;
  QuietLog log_;
  NoTelemetry telemetry_;
  ByteBudget budget_;
  Ledger ledger_;
  SimShards all_;  // the process's, then the journal's own two
  std::unique_ptr<Loops> loops_;
  ComponentList list_;
  ComponentEnv env_;
  std::string refused_;
  uint64_t lost_ = 0;
  std::unique_ptr<journal::DiskJournal> journal_;
  std::unique_ptr<Graph> graph_;
  std::unique_ptr<Replayer> replayer_;
  SimDisk& disk_;
  uint32_t ticks_waiting_ = 0;
};

}  // namespace weir::test
