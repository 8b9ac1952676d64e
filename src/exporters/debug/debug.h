// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "exporters/debug/config.h"
#include "weir/component.h"

namespace weir {

// Writes what it gets for people to read: a line, or the whole tree of every batch.
std::unique_ptr<Exporter> make_debug(const DebugConfig& config, const ComponentEnv& env);

}  // namespace weir
