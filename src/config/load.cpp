// SPDX-License-Identifier: Apache-2.0
#include "config/load.h"

#include "config/resolver.h"

namespace weir::config {

ServiceConfig load(const std::vector<std::string>& uris, const std::vector<std::string>& sets, const Sources& sources,
                   const ComponentCatalog& catalog, Problems& problems) {
  ServiceConfig config = parse_service_config(resolve(uris, sets, sources, problems), problems);
  check_graph(config, catalog, problems);
  return config;
}

std::string render(const Problems& problems) {
  std::string out;
  for (const Problem& problem : problems.all()) out += problem.to_string() + "\n";
  return out;
}

}  // namespace weir::config
