// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "daemon/wiring/edge.h"
#include "daemon/wiring/hops.h"
#include "weir/admission.h"
#include "weir/component.h"

namespace weir {

// The components of a configuration, made but not yet joined.
struct GraphParts {
  struct Pipeline {
    std::string id;  // "traces/kept"
    Signal signal = Signal::kTraces;
    std::vector<std::string> receivers;  // ids of receivers and connectors
    std::vector<std::unique_ptr<Processor>> processors;
    std::vector<std::string> exporters;  // ids of exporters and connectors
  };
  std::vector<Pipeline> pipelines;
  std::map<std::pair<std::string, Signal>, std::unique_ptr<Exporter>> exporters;
  std::map<std::string, std::unique_ptr<MetricsConnector>> connectors;
  std::set<std::string> forwards;
  // With a journal: whose requests go into it, and when they are answered.
  std::map<std::pair<std::string, Signal>, Ack> journaled;
};

// One step of the drain: jobs that may run side by side, each on its shard; `done` may be called later.
struct DrainStep {
  std::string what;
  std::vector<std::pair<uint32_t, absl::AnyInvocable<void(Time now, Task done)>>> jobs;
};

// The graph: pipelines joined from edge to leaves, with its stages on their shards (DESIGN §2). Built before any shard
// runs; immutable afterwards. Which thread may call what stands at each method.
class Graph {
 public:
  // env: id, pipeline and signal are not read. The configuration was validated: every id is known, there is no cycle.
  Graph(GraphParts parts, const ComponentEnv& env);
  ~Graph();
  Graph(const Graph&) = delete;
  Graph& operator=(const Graph&) = delete;

  // The edge for what a receiver takes in; null where no pipeline wants that signal of it.
  Admission* admission(const std::string& receiver, Signal signal);
  // On the shard's thread. While records from before the start are replayed, only exporters follow the clock; the rest
  // is told the time of the records (replay_tick).
  void tick(uint32_t shard, Time now);
  void replay_tick(uint32_t shard, Time now);
  void set_replaying(bool replaying) { replaying_ = replaying; }
  bool replaying() const { return replaying_; }
  // With a journal: its routes and the edges they belong to, by the same index.
  const std::vector<Edge*>& journaled_edges() const { return journaled_edges_; }
  bool is_connector(const std::string& id) const { return parts_.connectors.contains(id); }
  // Before any shard runs: connectors take over the state of their last checkpoint.
  void restore_connectors(Time now);
  // Spans inside the graph by destination, counted by the stages that hold them. Only while no shard runs
  // (run_exclusive).
  std::vector<uint64_t> held() const;
  // Everything between the edge and the exporters handed on, in graph order: run the steps one after another, each job
  // on its shard. Afterwards exporters are asked exporter_idle() until they are, or abandon_exporters() at the
  // deadline.
  std::vector<DrainStep> drain_steps();
  // On the exporters' shard's thread; true where all exporters of this shard are idle.
  bool exporters_idle(uint32_t shard) const;
  void abandon_exporters(uint32_t shard);

 private:
  class Builder;
  struct Holder {  // a place that holds spans, with the destinations behind it
    const Stage* stage = nullptr;
    const Transit* transit = nullptr;
    std::vector<DestinationId> downstream;
  };
  struct ShardParts {  // what ticks on a shard, in graph order
    std::vector<Stage*> stages;
    std::vector<Observer*> observers;
    std::vector<MetricsConnector*> connectors;
    std::vector<Stage*> exporters;
  };
  struct Flush {  // one drain step in the making: stages of one processor, or a connector
    std::string what;
    std::vector<std::pair<uint32_t, Stage*>> stages;
    MetricsConnector* connector = nullptr;
    uint32_t home = 0;
  };

  // Declared in the order of their lifetimes: consumers point to later-made stages only through the graph, which dies
  // whole.
  GraphParts parts_;
  std::vector<std::unique_ptr<Consumer>> consumers_;
  std::vector<std::unique_ptr<Observer>> observers_;
  std::map<std::pair<std::string, Signal>, std::unique_ptr<Admission>> admissions_;
  std::vector<Holder> holders_;
  std::vector<const Stage*> doors_;  // exporter stages: they count by destination
  std::vector<ShardParts> shards_;
  std::vector<Flush> flushes_;
  std::vector<Edge*> journaled_edges_;
  std::vector<std::shared_ptr<AbsorbedList>> absorbed_;
  std::atomic<bool> replaying_{false};
  std::atomic<uint64_t> sequence_{1};
  Ledger* ledger_;
};

}  // namespace weir
