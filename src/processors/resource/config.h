// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "processors/attribute_actions.h"

namespace weir {

// Keys of the `resource` processor (collector-semantics §6.3).
struct ResourceConfig {
  std::vector<ActionConfig> attributes;

  static const config::Fields<ResourceConfig>& fields();
  void validate(const config::Value& at, const std::string& path, config::Problems& problems) const;
};

}  // namespace weir
