// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/service_config.h"

namespace weir::config {

// All that the collector checks between components, in its words: known types, bodies, references, both sides of
// connectors, signals, ambiguous ids, cycles. Sets ComponentConfig::used. A type that is not in the catalogue is a
// mistake where it is used, otherwise a warning; bodies of known types are checked whether used or not. A name written
// twice in a list of receivers or exporters is dropped with a warning.
void check_graph(ServiceConfig& config, const ComponentCatalog& catalog, Problems& problems);

}  // namespace weir::config
