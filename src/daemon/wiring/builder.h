// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "daemon/wiring/edge.h"
#include "daemon/wiring/graph.h"

namespace weir {

inline void append(std::vector<DestinationId>& to, const std::vector<DestinationId>& from) {
  to.insert(to.end(), from.begin(), from.end());
}

// Joins GraphParts into a Graph, pipelines from the last to the first in the order of the data, each from its leaves to
// its entry. Used once, by Graph's constructor.
class Graph::Builder {
 public:
  Builder(Graph& graph, const ComponentEnv& env);
  void build();

 private:
  // How the batches that reach a point of a pipeline are spread.
  enum class Spread { kAnywhere, kByTrace, kHome };
  using Points = std::vector<Consumer*>;  // index = shard: what to call there
  struct Built {                          // a pipeline that is joined
    Points entry;
    std::vector<DestinationId> destinations;
    std::vector<DestinationId> own;        // of each of the pipeline's exporters; kNoDestination: a forward has others
    std::vector<DestinationId> delivered;  // of those, where a sender waits for the outcome
  };

  // order.cpp
  std::vector<size_t> order_by_flow() const;
  std::vector<size_t> targets_of(size_t pipeline, const std::string& connector) const;
  Spread entry_spread(size_t pipeline) const;
  Spread exit_spread(size_t pipeline) const;

  // builder.cpp
  void build_pipeline(size_t pipeline);
  void note_destinations(size_t pipeline, Built& built);
  Points build_exits(size_t pipeline, const Built& built, Spread spread);
  Points through_processor(size_t pipeline, size_t index, const Built& built, const Points& next);
  void add_door(size_t pipeline, const std::string& exporter, DestinationId destination, std::vector<FanOut*>& exits);
  void add_forward(size_t target, std::vector<FanOut*>& exits);
  void add_observers(const std::string& connector, DestinationId destination, Spread spread,
                     std::vector<FanOut*>& exits);
  Points spread_by_trace(const Points& next, const std::vector<DestinationId>& behind);
  Points all_to(uint32_t home, Consumer& next, const std::vector<DestinationId>& behind);
  Hop& add_hop(uint32_t to, Consumer& next, const std::vector<DestinationId>& behind);
  std::vector<Observer*> observers_of(const std::string& connector);
  std::vector<Observer*> with_doors(const std::string& connector, DestinationId destination);
  void join_connectors();
  void join_receivers();
  void join_receiver(const std::pair<std::string, Signal>& key, const std::vector<size_t>& pipelines);
  void order_flushes(const std::vector<size_t>& order);
  uint32_t next_home() { return homes_given_++ % shards_; }
  template <class T, class... Args>
  T& keep(Args&&... args);

  Graph& graph_;
  const ComponentEnv& env_;
  const uint32_t shards_;
  uint32_t homes_given_ = 0;
  std::map<size_t, Built> built_;
  std::map<std::pair<std::string, Signal>, std::pair<uint32_t, Stage*>> exporter_stages_;
  std::map<std::string, std::vector<Observer*>> observers_;     // one, or one per shard
  std::map<std::string, std::vector<AbsorbedList*>> absorbed_;  // with a journal, the same
  std::map<std::string, uint32_t> connector_homes_;
  std::map<std::pair<size_t, size_t>, Flush> processor_flushes_;
};

}  // namespace weir
