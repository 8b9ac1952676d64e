// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/service_config.h"

namespace weir::config {

// Who stands before and behind whom, over pipelines that connectors join. Refers to the configuration.
class PipelinePaths {
 public:
  PipelinePaths(const ServiceConfig& config, const ComponentCatalog& catalog) : config_(config), catalog_(catalog) {}

  // The canonical type of a component: "otlp_grpc" for otlp/2.
  std::string type_of(ComponentKind kind, const ComponentId& id) const;
  // The pipelines that the connector feeds.
  std::vector<const PipelineConfig*> fed_by(const ComponentId& connector) const;
  // This pipeline and those that data of its signal comes from, or goes to, through forward connectors.
  std::vector<const PipelineConfig*> upstream(const PipelineConfig& pipeline) const;
  std::vector<const PipelineConfig*> downstream(const PipelineConfig& pipeline) const;

 private:
  bool forwards(const PipelineConfig& from, const PipelineConfig& to) const;

  const ServiceConfig& config_;
  const ComponentCatalog& catalog_;
};

}  // namespace weir::config
