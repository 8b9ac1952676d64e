// SPDX-License-Identifier: Apache-2.0
#include "config/graph_cycle.h"

#include <algorithm>

namespace weir::config {
namespace {

// One way from a pipeline through a connector into another pipeline.
struct Hop {
  const Reference* connector = nullptr;  // where the first pipeline names it
  size_t from = 0;
  size_t to = 0;
};

class CycleSearch {
 public:
  CycleSearch(const ServiceConfig& config, const ComponentCatalog& catalog) : pipelines_(config.pipelines) {
    hops_.resize(pipelines_.size());
    for (size_t from = 0; from < pipelines_.size(); ++from) {
      for (const Reference& reference : pipelines_[from].exporters) add_hops(config, catalog, from, reference);
    }
  }

  // The hops of a cycle; empty where there is none.
  std::vector<Hop> find() {
    state_.assign(pipelines_.size(), State::kNew);
    for (size_t start = 0; start < pipelines_.size(); ++start) {
      if (state_[start] == State::kNew && visit(start)) return cycle_;
    }
    return {};
  }

 private:
  enum class State : uint8_t { kNew, kOnPath, kDone };

  void add_hops(const ServiceConfig& config, const ComponentCatalog& catalog, size_t from, const Reference& reference) {
    const ComponentType* type = catalog.find(ComponentKind::kConnector, reference.id.type);
    if (type == nullptr || config.find(ComponentKind::kConnector, reference.id) == nullptr) return;
    for (size_t to = 0; to < pipelines_.size(); ++to) {
      std::pair signals{pipelines_[from].signal, pipelines_[to].signal};
      if (std::find(type->pairs.begin(), type->pairs.end(), signals) == type->pairs.end()) continue;
      for (const Reference& receiver : pipelines_[to].receivers) {
        if (receiver.id == reference.id) hops_[from].push_back({&reference, from, to});
      }
    }
  }

  bool visit(size_t at) {
    state_[at] = State::kOnPath;
    for (const Hop& hop : hops_[at]) {
      path_.push_back(hop);
      if (state_[hop.to] == State::kOnPath) {
        auto begin = std::find_if(path_.begin(), path_.end(), [&](const Hop& h) { return h.from == hop.to; });
        cycle_.assign(begin, path_.end());
        return true;
      }
      if (state_[hop.to] == State::kNew && visit(hop.to)) return true;
      path_.pop_back();
    }
    state_[at] = State::kDone;
    return false;
  }

  const std::vector<PipelineConfig>& pipelines_;
  std::vector<std::vector<Hop>> hops_;
  std::vector<State> state_;
  std::vector<Hop> path_, cycle_;
};

std::string connector_text(const ServiceConfig& config, const Hop& hop) {
  return "connector \"" + hop.connector->id.to_string() + "\" (" +
         std::string(name_of(config.pipelines[hop.from].signal)) + " to " +
         std::string(name_of(config.pipelines[hop.to].signal)) + ")";
}

}  // namespace

void check_cycles(const ServiceConfig& config, const ComponentCatalog& catalog, Problems& problems) {
  std::vector<Hop> cycle = CycleSearch(config, catalog).find();
  if (cycle.empty()) return;
  std::string text = "cycle detected: ";
  for (const Hop& hop : cycle) {
    const PipelineConfig& next = config.pipelines[hop.to];
    text += connector_text(config, hop) + " -> ";
    for (const Reference& processor : next.processors) {
      text += "processor \"" + processor.id.to_string() + "\" in pipeline \"" + next.id.to_string() + "\" -> ";
    }
  }
  text += connector_text(config, cycle.front());
  problems.error(cycle.back().connector->place, config.pipelines[cycle.back().from].path(), text);
}

}  // namespace weir::config
