// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "processors/resource/config.h"
#include "weir/component.h"

namespace weir {

// Changes the attributes of resources.
std::unique_ptr<Processor> make_resource(const ResourceConfig& config, const ComponentEnv& env);

}  // namespace weir
