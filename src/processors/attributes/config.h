// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <vector>

#include "processors/attribute_actions.h"
#include "processors/match.h"

namespace weir {

// Keys of the `attributes` processor (collector-semantics §6.3).
struct AttributesConfig {
  std::vector<ActionConfig> actions;
  std::optional<MatchConfig> include, exclude;

  static const config::Fields<AttributesConfig>& fields();
  void validate(const config::Value& at, const std::string& path, config::Problems& problems) const;
  void validate_in(Signal signal, const config::At& at) const;
};

}  // namespace weir
