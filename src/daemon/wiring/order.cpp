// SPDX-License-Identifier: Apache-2.0
// The order of pipelines, and how data is spread over shards where it enters and leaves them.
#include <algorithm>
#include <functional>

#include "daemon/wiring/builder.h"

namespace weir {

namespace {
bool contains(const std::vector<std::string>& list, const std::string& id) {
  return std::find(list.begin(), list.end(), id) != list.end();
}
}  // namespace

// Pipelines that a connector feeds. A forward keeps the signal; the others make metrics.
std::vector<size_t> Graph::Builder::targets_of(size_t pipeline, const std::string& connector) const {
  const auto& pipelines = graph_.parts_.pipelines;
  const bool forward = graph_.parts_.forwards.contains(connector);
  const Signal wanted = forward ? pipelines[pipeline].signal : Signal::kMetrics;
  std::vector<size_t> targets;
  for (size_t i = 0; i < pipelines.size(); ++i) {
    if (pipelines[i].signal == wanted && contains(pipelines[i].receivers, connector)) targets.push_back(i);
  }
  return targets;
}

// Sources before targets.
std::vector<size_t> Graph::Builder::order_by_flow() const {
  const auto& pipelines = graph_.parts_.pipelines;
  std::vector<size_t> order;
  std::vector<bool> seen(pipelines.size());
  const std::function<void(size_t)> visit = [&](size_t at) {
    if (seen[at]) return;
    seen[at] = true;
    for (const std::string& id : pipelines[at].exporters) {
      if (!graph_.parts_.forwards.contains(id) && !graph_.parts_.connectors.contains(id)) continue;
      for (size_t target : targets_of(at, id)) visit(target);
    }
    order.push_back(at);
  };
  for (size_t i = 0; i < pipelines.size(); ++i) visit(i);
  std::reverse(order.begin(), order.end());
  return order;
}

// A pipeline gets its data spread by trace only where every source hands it on like that.
Graph::Builder::Spread Graph::Builder::entry_spread(size_t pipeline) const {
  const auto& pipelines = graph_.parts_.pipelines;
  for (const std::string& id : pipelines[pipeline].receivers) {
    if (!graph_.parts_.forwards.contains(id)) return Spread::kAnywhere;
    for (size_t i = 0; i < pipelines.size(); ++i) {
      const bool feeds = pipelines[i].signal == pipelines[pipeline].signal && contains(pipelines[i].exporters, id);
      if (feeds && exit_spread(i) != Spread::kByTrace) return Spread::kAnywhere;
    }
  }
  return Spread::kByTrace;
}

Graph::Builder::Spread Graph::Builder::exit_spread(size_t pipeline) const {
  Spread spread = entry_spread(pipeline);
  for (const auto& processor : graph_.parts_.pipelines[pipeline].processors) {
    if (processor->placement() == Placement::kHomeShard) spread = Spread::kHome;
    if (processor->placement() == Placement::kWholeTraces) spread = Spread::kByTrace;
  }
  return spread;
}

}  // namespace weir
