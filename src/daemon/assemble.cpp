// SPDX-License-Identifier: Apache-2.0
#include "daemon/assemble.h"

#include "processors/memory_limiter/config.h"

namespace weir {

namespace {

using config::ComponentKind;

// A fixed hash, so that components draw differently from one seed and a run can be repeated.
uint64_t seed_for(uint64_t seed, const std::string& id, const std::string& pipeline) {
  uint64_t hash = 14695981039346656037ull ^ seed;
  for (const char c : id + " " + pipeline) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ull;
  return hash;
}

class Assembler {
 public:
  Assembler(const config::ServiceConfig& config, const ComponentList& list, const ComponentEnv& env)
      : config_(config), list_(list), env_(env) {}

  GraphParts make() {
    for (const config::PipelineConfig& pipeline : config_.pipelines) add_pipeline(pipeline);
    return std::move(parts_);
  }

 private:
  ComponentEnv env_for(const std::string& id, const std::string& pipeline, Signal signal) const {
    ComponentEnv env = env_;
    env.id = id;
    env.pipeline = pipeline;
    env.signal = signal;
    env.seed = seed_for(env_.seed, id, pipeline);
    return env;
  }

  // The component's canonical type and body. The configuration was checked, so both are there.
  std::pair<std::string, const config::Value*> look_up(ComponentKind kind, const config::ComponentId& id) const {
    return {list_.catalog.find(kind, id.type)->type, &config_.find(kind, id)->body};
  }

  void add_pipeline(const config::PipelineConfig& pipeline) {
    GraphParts::Pipeline& made = parts_.pipelines.emplace_back();
    made.id = pipeline.id.to_string();
    made.signal = pipeline.signal;
    for (const config::Reference& from : pipeline.receivers) made.receivers.push_back(from.id.to_string());
    for (const config::Reference& from : pipeline.receivers) add_connector(from.id);
    for (const config::Reference& step : pipeline.processors) {
      const auto [type, body] = look_up(ComponentKind::kProcessor, step.id);
      made.processors.push_back(list_.processors.at(type)(*body, env_for(step.id.to_string(), made.id, made.signal)));
    }
    for (const config::Reference& to : pipeline.exporters) {
      made.exporters.push_back(to.id.to_string());
      if (!add_connector(to.id)) add_exporter(to.id, pipeline.signal);
    }
  }

  // False where the id is no connector's.
  bool add_connector(const config::ComponentId& id) {
    if (config_.find(ComponentKind::kConnector, id) == nullptr) return false;
    const auto [type, body] = look_up(ComponentKind::kConnector, id);
    const std::string name = id.to_string();
    if (type == "forward") {
      parts_.forwards.insert(name);
    } else if (!parts_.connectors.contains(name)) {
      parts_.connectors[name] = list_.connectors.at(type)(*body, env_for(name, "", Signal::kMetrics));
    }
    return true;
  }

  void add_exporter(const config::ComponentId& id, Signal signal) {
    auto& made = parts_.exporters[{id.to_string(), signal}];
    if (made) return;
    const auto [type, body] = look_up(ComponentKind::kExporter, id);
    made = list_.exporters.at(type)(*body, env_for(id.to_string(), "", signal));
  }

  const config::ServiceConfig& config_;
  const ComponentList& list_;
  const ComponentEnv& env_;
  GraphParts parts_;
};

}  // namespace

GraphParts make_parts(const config::ServiceConfig& config, const ComponentList& list, const ComponentEnv& env) {
  return Assembler(config, list, env).make();
}

std::optional<std::pair<uint64_t, uint64_t>> smallest_limiter(const config::ServiceConfig& config,
                                                              uint64_t total_memory) {
  std::optional<std::pair<uint64_t, uint64_t>> smallest;
  const auto count = [&](ComponentKind kind, const config::Reference& used) {
    if (used.id.type != "memory_limiter") return;
    const config::ComponentConfig* component = config.find(kind, used.id);
    const auto limits = limits_of(ComponentList::decode_body<MemoryLimiterConfig>(component->body), total_memory);
    if (limits && (!smallest || limits->limit < smallest->first)) smallest.emplace(limits->limit, limits->headroom);
  };
  for (const config::Reference& started : config.started_extensions) count(ComponentKind::kExtension, started);
  for (const config::PipelineConfig& pipeline : config.pipelines) {
    for (const config::Reference& step : pipeline.processors) count(ComponentKind::kProcessor, step);
  }
  return smallest;
}

}  // namespace weir
