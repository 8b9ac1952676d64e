// SPDX-License-Identifier: Apache-2.0
#include "daemon/wiring/builder.h"

#include <algorithm>

namespace weir {

Graph::Builder::Builder(Graph& graph, const ComponentEnv& env) : graph_(graph), env_(env), shards_(env.shards->size()) {
  graph_.shards_.resize(shards_);
}

template <class T, class... Args>
T& Graph::Builder::keep(Args&&... args) {
  auto made = std::make_unique<T>(std::forward<Args>(args)...);
  T& ref = *made;
  graph_.consumers_.push_back(std::move(made));
  return ref;
}

void Graph::Builder::build() {
  const std::vector<size_t> order = order_by_flow();
  for (auto it = order.rbegin(); it != order.rend(); ++it) build_pipeline(*it);
  join_connectors();
  join_receivers();
  order_flushes(order);
}

void Graph::Builder::build_pipeline(size_t pipeline) {
  Built built;
  note_destinations(pipeline, built);
  const auto& processors = graph_.parts_.pipelines[pipeline].processors;
  // How data is spread before each processor, and at last before the exits.
  std::vector<Spread> before{entry_spread(pipeline)};
  for (const auto& processor : processors) {
    const Placement placement = processor->placement();
    before.push_back(placement == Placement::kHomeShard     ? Spread::kHome
                     : placement == Placement::kWholeTraces ? Spread::kByTrace
                                                            : before.back());
  }
  built.entry = build_exits(pipeline, built, before.back());
  for (size_t i = processors.size(); i-- > 0;) {
    built.entry = through_processor(pipeline, i, built, built.entry);
    if (processors[i]->placement() == Placement::kWholeTraces && before[i] != Spread::kByTrace) {
      built.entry = spread_by_trace(built.entry, built.destinations);
    }
  }
  built_[pipeline] = std::move(built);
}

void Graph::Builder::note_destinations(size_t pipeline, Built& built) {
  const GraphParts::Pipeline& spec = graph_.parts_.pipelines[pipeline];
  const bool early = std::any_of(spec.processors.begin(), spec.processors.end(),
                                 [](const auto& processor) { return processor->answers_early(); });
  for (const std::string& id : spec.exporters) {
    built.own.push_back(kNoDestination);
    if (graph_.parts_.forwards.contains(id)) {
      for (size_t target : targets_of(pipeline, id)) {
        append(built.destinations, built_.at(target).destinations);
        if (!early) append(built.delivered, built_.at(target).delivered);
      }
      continue;
    }
    const auto exporter = graph_.parts_.exporters.find({id, spec.signal});
    const bool connector = exporter == graph_.parts_.exporters.end();
    if (connector && env_.journal == nullptr) continue;  // it is in nobody's books
    built.own.back() = graph_.ledger_->add_destination(spec.id, id, connector || spec.signal != Signal::kTraces);
    built.destinations.push_back(built.own.back());
    if (!connector && !early && exporter->second->answers_on_delivery()) built.delivered.push_back(built.own.back());
  }
}

Graph::Builder::Points Graph::Builder::build_exits(size_t pipeline, const Built& built, Spread spread) {
  const GraphParts::Pipeline& spec = graph_.parts_.pipelines[pipeline];
  std::vector<FanOut*> exits;
  for (uint32_t shard = 0; shard < shards_; ++shard) exits.push_back(&keep<FanOut>());
  for (size_t i = 0; i < spec.exporters.size(); ++i) {
    const std::string& id = spec.exporters[i];
    if (graph_.parts_.connectors.contains(id)) {
      add_observers(id, built.own[i], spread, exits);
    } else if (graph_.parts_.forwards.contains(id)) {
      for (size_t target : targets_of(pipeline, id)) add_forward(target, exits);
    } else {
      add_door(pipeline, id, built.own[i], exits);
    }
  }
  return {exits.begin(), exits.end()};
}

void Graph::Builder::add_door(size_t pipeline, const std::string& exporter, DestinationId destination,
                              std::vector<FanOut*>& exits) {
  const Signal signal = graph_.parts_.pipelines[pipeline].signal;
  auto& [home, stage] = exporter_stages_[{exporter, signal}];
  if (stage == nullptr) {
    home = next_home();
    auto made = graph_.parts_.exporters.at({exporter, signal})->make_stage(env_.shards->at(home));
    stage = made.get();
    graph_.consumers_.push_back(std::move(made));
    graph_.shards_[home].exporters.push_back(stage);
    graph_.doors_.push_back(stage);
  }
  const Points to_stage = all_to(home, *stage, {destination});
  for (uint32_t shard = 0; shard < shards_; ++shard) {
    exits[shard]->add(keep<Door>(destination, *graph_.ledger_, *to_stage[shard]));
  }
}

void Graph::Builder::add_forward(size_t target, std::vector<FanOut*>& exits) {
  const Points& entry = built_.at(target).entry;
  for (uint32_t shard = 0; shard < shards_; ++shard) exits[shard]->add(*entry[shard]);
}

// A connector observes where the data is, unless it wants it spread otherwise: then it gets copies of the index, and
// what goes to the exporters stays as it is.
void Graph::Builder::add_observers(const std::string& connector, DestinationId destination, Spread spread,
                                   std::vector<FanOut*>& exits) {
  const std::vector<Observer*> observers = with_doors(connector, destination);
  const Placement placement = graph_.parts_.connectors.at(connector)->placement();
  const bool in_place = placement == Placement::kEveryShard || shards_ == 1 ||
                        (placement == Placement::kWholeTraces && spread == Spread::kByTrace);
  if (in_place) {
    for (uint32_t shard = 0; shard < shards_; ++shard) exits[shard]->add(*observers[shard]);
    return;
  }
  Points ends;
  for (Observer* observer : observers) ends.push_back(&keep<ObserverEnd>(*observer));
  const Points points = placement == Placement::kHomeShard ? all_to(connector_homes_[connector], *ends.front(), {})
                                                           : spread_by_trace(ends, {});
  for (uint32_t shard = 0; shard < shards_; ++shard) exits[shard]->add(*points[shard]);
}

std::vector<Observer*> Graph::Builder::observers_of(const std::string& connector) {
  std::vector<Observer*>& observers = observers_[connector];
  if (!observers.empty()) return observers;
  MetricsConnector& made = *graph_.parts_.connectors.at(connector);
  const uint32_t home = connector_homes_[connector] = next_home();
  const bool single = made.placement() == Placement::kHomeShard;
  for (uint32_t shard = single ? home : 0; shard < (single ? home + 1 : shards_); ++shard) {
    std::shared_ptr<AbsorbedList> absorbed = env_.journal != nullptr ? std::make_shared<AbsorbedList>() : nullptr;
    graph_.absorbed_.push_back(absorbed);
    absorbed_[connector].push_back(absorbed.get());
    graph_.observers_.push_back(made.make_observer({&env_.shards->at(shard), {}, std::move(absorbed)}));
    observers.push_back(graph_.observers_.back().get());
    graph_.shards_[shard].observers.push_back(observers.back());
  }
  return observers;
}

std::vector<Observer*> Graph::Builder::with_doors(const std::string& connector, DestinationId destination) {
  std::vector<Observer*> observers = observers_of(connector);
  if (env_.journal == nullptr) return observers;
  for (size_t i = 0; i < observers.size(); ++i) {
    graph_.observers_.push_back(
        std::make_unique<ObserverDoor>(destination, *graph_.ledger_, *observers[i], *absorbed_[connector][i]));
    observers[i] = graph_.observers_.back().get();
  }
  return observers;
}

Graph::Builder::Points Graph::Builder::through_processor(size_t pipeline, size_t index, const Built& built,
                                                         const Points& next) {
  Processor& processor = *graph_.parts_.pipelines[pipeline].processors[index];
  const bool single = processor.placement() == Placement::kHomeShard;
  const uint32_t home = single ? next_home() : 0;
  Flush& flush = processor_flushes_[{pipeline, index}];
  flush.what = graph_.parts_.pipelines[pipeline].id + " processor " + std::to_string(index + 1);
  Points points;
  for (uint32_t shard = home; shard < (single ? home + 1 : shards_); ++shard) {
    auto stage = processor.make_stage({&env_.shards->at(shard), built.destinations}, *next[shard]);
    graph_.holders_.push_back({stage.get(), nullptr, built.destinations});
    graph_.shards_[shard].stages.push_back(stage.get());
    flush.stages.emplace_back(shard, stage.get());
    points.push_back(stage.get());
    graph_.consumers_.push_back(std::move(stage));
  }
  return single ? all_to(home, *points.front(), built.destinations) : points;
}

Hop& Graph::Builder::add_hop(uint32_t to, Consumer& next, const std::vector<DestinationId>& behind) {
  Hop& hop = keep<Hop>(env_.shards->at(to), next, shards_ == 1);
  graph_.holders_.push_back({nullptr, &hop.transit(), behind});
  return hop;
}

Graph::Builder::Points Graph::Builder::all_to(uint32_t home, Consumer& next, const std::vector<DestinationId>& behind) {
  return Points(shards_, &add_hop(home, next, behind));
}

Graph::Builder::Points Graph::Builder::spread_by_trace(const Points& next, const std::vector<DestinationId>& behind) {
  std::vector<Consumer*> hops;
  for (uint32_t shard = 0; shard < shards_; ++shard) hops.push_back(&add_hop(shard, *next[shard], behind));
  return Points(shards_, &keep<Splitter>(std::move(hops)));
}

}  // namespace weir
