// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "processors/filter/config.h"
#include "weir/component.h"

namespace weir {

// Drops records for which a condition holds (filtered); events and data points are taken out of their span or metric.
std::unique_ptr<Processor> make_filter(const FilterConfig& config, const ComponentEnv& env);

}  // namespace weir
