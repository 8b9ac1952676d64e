// SPDX-License-Identifier: Apache-2.0
#include "daemon/load_config.h"

#include "config/graph_check.h"
#include "config/resolver.h"

namespace weir {

LoadedConfig load_config(const config::CommandLine& command, const config::Sources& sources, const ComponentList& list) {
  LoadedConfig loaded;
  const config::Value root = config::resolve(command.configs, command.sets, sources, loaded.problems);
  loaded.service = config::parse_service_config(root, loaded.problems);
  config::check_graph(loaded.service, list.catalog, loaded.problems);
  return loaded;
}

}  // namespace weir
