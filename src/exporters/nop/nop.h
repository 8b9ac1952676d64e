// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "exporters/nop/config.h"
#include "weir/component.h"

namespace weir {

std::unique_ptr<Exporter> make_nop(const NopExporterConfig& config, const ComponentEnv& env);

}  // namespace weir
