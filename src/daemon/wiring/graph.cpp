// SPDX-License-Identifier: Apache-2.0
#include "daemon/wiring/graph.h"

#include <algorithm>

#include "daemon/wiring/builder.h"

namespace weir {

// The end of a connector's metrics at the entries of its pipelines.
void Graph::Builder::join_connectors() {
  for (auto& [id, connector] : graph_.parts_.connectors) {
    if (!observers_.contains(id)) continue;  // no pipeline feeds it
    const uint32_t home = connector_homes_[id];
    FanOut& output = keep<FanOut>();
    for (size_t i = 0; i < graph_.parts_.pipelines.size(); ++i) {
      const GraphParts::Pipeline& pipeline = graph_.parts_.pipelines[i];
      const bool fed = pipeline.signal == Signal::kMetrics &&
                       std::find(pipeline.receivers.begin(), pipeline.receivers.end(), id) != pipeline.receivers.end();
      if (fed) output.add(*built_.at(i).entry[home]);
    }
    connector->set_output(env_.shards->at(home), output);
    graph_.shards_[home].connectors.push_back(connector.get());
  }
}

void Graph::Builder::join_receivers() {
  std::map<std::pair<std::string, Signal>, std::vector<size_t>> wanted;
  for (size_t i = 0; i < graph_.parts_.pipelines.size(); ++i) {
    const GraphParts::Pipeline& pipeline = graph_.parts_.pipelines[i];
    for (const std::string& id : pipeline.receivers) {
      const bool connector = graph_.parts_.forwards.contains(id) || graph_.parts_.connectors.contains(id);
      if (!connector) wanted[{id, pipeline.signal}].push_back(i);
    }
  }
  for (const auto& [key, pipelines] : wanted) join_receiver(key, pipelines);
}

void Graph::Builder::join_receiver(const std::pair<std::string, Signal>& key, const std::vector<size_t>& pipelines) {
  EdgeParts parts;
  parts.receiver = key.first;
  parts.signal = key.second;
  for (size_t i : pipelines) {
    const Built& built = built_.at(i);
    parts.pipelines.push_back(built.entry);
    append(parts.destinations, built.destinations);
    append(parts.delivered, built.delivered);
  }
  const auto journaled = graph_.parts_.journaled.find(key);
  if (env_.journal != nullptr && journaled != graph_.parts_.journaled.end()) parts.ack = journaled->second;
  parts.route = static_cast<uint32_t>(graph_.journaled_edges_.size());
  auto edge = std::make_unique<Edge>(std::move(parts), env_, graph_.sequence_, graph_.replaying_);
  if (edge->parts().ack && !edge->journaled().empty()) graph_.journaled_edges_.push_back(edge.get());
  graph_.admissions_[key] = std::move(edge);
}

// Drain order: a connector is flushed when all that feeds it is, before the pipelines it feeds.
void Graph::Builder::order_flushes(const std::vector<size_t>& order) {
  std::set<std::string> flushed;
  for (size_t pipeline : order) {
    for (const std::string& id : graph_.parts_.pipelines[pipeline].receivers) {
      const auto connector = graph_.parts_.connectors.find(id);
      if (connector == graph_.parts_.connectors.end() || !observers_.contains(id) || !flushed.insert(id).second)
        continue;
      graph_.flushes_.push_back({"connector " + id, {}, connector->second.get(), connector_homes_[id]});
    }
    for (size_t i = 0; i < graph_.parts_.pipelines[pipeline].processors.size(); ++i) {
      graph_.flushes_.push_back(std::move(processor_flushes_[{pipeline, i}]));
    }
  }
  Flush exporters;
  exporters.what = "exporters";
  for (auto& [key, stage] : exporter_stages_) exporters.stages.emplace_back(stage.first, stage.second);
  graph_.flushes_.push_back(std::move(exporters));
}

Graph::Graph(GraphParts parts, const ComponentEnv& env) : parts_(std::move(parts)), ledger_(env.ledger) {
  Builder(*this, env).build();
}

Graph::~Graph() = default;

Admission* Graph::admission(const std::string& receiver, Signal signal) {
  const auto found = admissions_.find({receiver, signal});
  return found == admissions_.end() ? nullptr : found->second.get();
}

void Graph::tick(uint32_t shard, Time now) {
  if (!replaying_) {
    replay_tick(shard, now);
    for (MetricsConnector* connector : shards_[shard].connectors) connector->home_tick(now);
  }
  for (Stage* exporter : shards_[shard].exporters) exporter->on_tick(now);
}

void Graph::replay_tick(uint32_t shard, Time now) {
  for (Stage* stage : shards_[shard].stages) stage->on_tick(now);
  for (Observer* observer : shards_[shard].observers) observer->on_tick(now);
}

void Graph::restore_connectors(Time now) {
  for (const ShardParts& shard : shards_) {
    for (MetricsConnector* connector : shard.connectors) connector->restore(now);
  }
}

std::vector<uint64_t> Graph::held() const {
  std::vector<uint64_t> held(ledger_->size());
  for (const Holder& holder : holders_) {
    const uint64_t spans = holder.stage != nullptr ? holder.stage->held() : holder.transit->spans();
    for (DestinationId destination : holder.downstream) held[destination] += spans;
  }
  for (const Stage* door : doors_) door->add_held(held);
  for (DestinationId id = 0; id < held.size(); ++id) {
    const Ledger::Account& account = ledger_->account(id);
    held[id] = account.observer ? 0 : held[id] - account.ghosts;
  }
  return held;
}

std::vector<DrainStep> Graph::drain_steps() {
  std::vector<DrainStep> steps;
  for (Flush& flush : flushes_) {
    DrainStep step{flush.what, {}};
    for (auto& [shard, stage] : flush.stages) {
      step.jobs.emplace_back(shard, [stage = stage](Time now, Task done) {
        stage->flush(now);
        done();
      });
    }
    if (flush.connector != nullptr) {
      step.jobs.emplace_back(flush.home, [connector = flush.connector](Time now, Task done) {
        connector->final_flush(now, std::move(done));
      });
    }
    steps.push_back(std::move(step));
  }
  return steps;
}

bool Graph::exporters_idle(uint32_t shard) const {
  const auto& exporters = shards_[shard].exporters;
  return std::all_of(exporters.begin(), exporters.end(), [](const Stage* exporter) { return exporter->idle(); });
}

void Graph::abandon_exporters(uint32_t shard) {
  for (Stage* exporter : shards_[shard].exporters) exporter->abandon();
}

}  // namespace weir
