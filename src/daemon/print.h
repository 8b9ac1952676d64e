// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "config/value.h"
#include "daemon/components.h"

namespace weir {

// All mistakes and warnings of a configuration on standard error, a line each, mistakes first.
void print_problems(const config::Problems& problems);

// `weir components`: what this build has, as YAML in the collector's shape (canonical names).
std::string components_text(const ComponentList& list);

}  // namespace weir
