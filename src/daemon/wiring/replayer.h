// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <vector>

#include "daemon/wiring/graph.h"
#include "journal/disk_journal.h"
#include "weir/component.h"

namespace weir {

// The routes of the graph's journaled edges, in the order of their numbers.
std::vector<journal::JournalRoute> journal_routes(const Graph& graph, const Ledger& ledger);
// Enters what is lost for good into the books: admitted, and dropped with its reason.
void note_lost(Ledger& ledger, Log& log, const std::vector<journal::LostItems>& lost);

// Hands the journal's live records to the graph after a start, in the order in which they were received, on the time at
// which they were: stages are ticked with the receive times, so windows continue as if the process had never been away.
// Requests that come meanwhile are journaled and answered, and reach the graph behind those. An actor on shard 0.
class Replayer {
 public:
  Replayer(Graph& graph, journal::DiskJournal& journal, const ComponentEnv& env);
  // On shard 0, once; the graph is replaying from its making on. `done`: the graph follows the clock again.
  void start(Task done);
  // On shard 0, about every 25 ms.
  void on_tick(Time now);

  uint64_t records() const { return records_; }

 private:
  void fetch();
  void got(std::vector<journal::ReplayRecord> records, bool end);
  void go_on();
  void hand_over(journal::ReplayRecord record);
  Time time_of(const journal::ReplayRecord& record) const;
  void tick_all(Time at);
  void settle_down(int rounds);
  void finish();

  Graph& graph_;
  journal::DiskJournal& journal_;
  const ComponentEnv& env_;
  Task done_;
  std::deque<journal::ReplayRecord> ready_;
  uint64_t last_ = 0;     // the greatest number that was fetched
  uint64_t records_ = 0;  // handed over
  bool fetching_ = false;
  bool settling_ = false;
  bool ticked_ = false;
  bool paused_ = false;  // memory is short: goes on with the next tick
  bool end_ = false;
  Duration away_{0};  // what turns wall time into this process's mono time
  Time now_;          // of the replay
  uint32_t next_shard_ = 0;
  uint32_t missing_ = 0;  // shards that have not come to the end of their inbox
};

}  // namespace weir
