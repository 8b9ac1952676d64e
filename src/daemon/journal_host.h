// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "daemon/journal_config.h"
#include "daemon/wiring/graph.h"
#include "daemon/wiring/replayer.h"
#include "journal/disk_journal.h"
#include "weir/component.h"

namespace weir {

// The journal in this process: its directory, its lock, its two threads, and its replay into the graph. Owned by the
// Daemon; in the order of the calls below, on the main thread where nothing else is said.
class JournalHost {
 public:
  // `env` without a journal; it outlives this.
  JournalHost(JournalChoice choice, const ComponentEnv& env);
  ~JournalHost();
  // Locks and reads. "" or why the process must not start.
  std::string open();
  Journal* journal();
  const JournalChoice& choice() const { return choice_; }
  // The graph is built: routes, what is lost, the state of connectors. It is replaying from here on.
  void join(Graph& graph);
  // Starts the threads, and the replay on shard 0.
  void start();
  // On shard 0.
  void on_tick(Time now);
  // Any thread.
  journal::JournalHealth health() const;
  // All that is known is written; false where the disk failed or `until` came first.
  bool close(Duration until);

 private:
  struct Impl;
  JournalChoice choice_;
  const ComponentEnv& env_;
  std::unique_ptr<Impl> impl_;
};

}  // namespace weir
