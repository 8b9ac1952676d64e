// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "config/expander.h"
#include "config/graph_check.h"
#include "config/service_config.h"

namespace weir::config {

// From the operator's arguments to a checked configuration: resolve, parse, check. All mistakes of one run are in
// `problems`; the result is good to build from where there is no error among them.
ServiceConfig load(const std::vector<std::string>& uris, const std::vector<std::string>& sets, const Sources& sources,
                   const ComponentCatalog& catalog, Problems& problems);

// One line per problem, in the order of detection.
std::string render(const Problems& problems);

}  // namespace weir::config
