// SPDX-License-Identifier: Apache-2.0
#include "config/pipeline_paths.h"

#include <algorithm>

namespace weir::config {
namespace {

bool names(const std::vector<Reference>& references, const ComponentId& id) {
  return std::any_of(references.begin(), references.end(), [&](const Reference& r) { return r.id == id; });
}

// All that `next` leads to from `start`, with `start` itself first.
template <class Next>
std::vector<const PipelineConfig*> closure(const PipelineConfig& start, const std::vector<PipelineConfig>& all,
                                           const Next& next) {
  std::vector<const PipelineConfig*> found{&start};
  for (size_t i = 0; i < found.size(); ++i) {
    for (const PipelineConfig& other : all) {
      const bool is_new = std::find(found.begin(), found.end(), &other) == found.end();
      if (is_new && next(*found[i], other)) found.push_back(&other);
    }
  }
  return found;
}

}  // namespace

std::string PipelinePaths::type_of(ComponentKind kind, const ComponentId& id) const {
  const ComponentType* type = catalog_.find(kind, id.type);
  return type == nullptr ? id.type : type->type;
}

std::vector<const PipelineConfig*> PipelinePaths::fed_by(const ComponentId& connector) const {
  std::vector<const PipelineConfig*> fed;
  for (const PipelineConfig& pipeline : config_.pipelines) {
    if (names(pipeline.receivers, connector)) fed.push_back(&pipeline);
  }
  return fed;
}

bool PipelinePaths::forwards(const PipelineConfig& from, const PipelineConfig& to) const {
  return from.signal == to.signal &&
         std::any_of(from.exporters.begin(), from.exporters.end(), [&](const Reference& exporter) {
           return config_.find(ComponentKind::kConnector, exporter.id) != nullptr && names(to.receivers, exporter.id);
         });
}

std::vector<const PipelineConfig*> PipelinePaths::upstream(const PipelineConfig& pipeline) const {
  return closure(pipeline, config_.pipelines,
                 [&](const auto& here, const auto& other) { return forwards(other, here); });
}

std::vector<const PipelineConfig*> PipelinePaths::downstream(const PipelineConfig& pipeline) const {
  return closure(pipeline, config_.pipelines,
                 [&](const auto& here, const auto& other) { return forwards(here, other); });
}

}  // namespace weir::config
