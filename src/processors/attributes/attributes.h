// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "processors/attributes/config.h"
#include "weir/component.h"

namespace weir {

// Changes the attributes of spans, data points and log records.
std::unique_ptr<Processor> make_attributes(const AttributesConfig& config, const ComponentEnv& env);

}  // namespace weir
