// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "config/fields.h"
#include "ottl/group_config.h"

namespace weir {

// Keys of the `transform` processor (collector-semantics §6.5).
struct TransformConfig {
  ottl::ErrorMode error_mode = ottl::ErrorMode::kIgnore;
  std::vector<ottl::GroupConfig> traces, metrics, logs;

  static const config::Fields<TransformConfig>& fields();
  const std::vector<ottl::GroupConfig>& groups_of(Signal signal) const;
};

}  // namespace weir
