// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "processors/span/config.h"
#include "weir/component.h"

namespace weir {

// Renames spans from and to attributes, and sets their status.
std::unique_ptr<Processor> make_span(const SpanConfig& config, const ComponentEnv& env);

}  // namespace weir
