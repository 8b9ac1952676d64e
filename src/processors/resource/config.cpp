// SPDX-License-Identifier: Apache-2.0
#include "processors/resource/config.h"

namespace weir {

const config::Fields<ResourceConfig>& ResourceConfig::fields() {
  static const config::Fields<ResourceConfig> table{
      config::field("attributes", &ResourceConfig::attributes, "what is done to attributes of resources, in order"),
  };
  return table;
}

void ResourceConfig::validate(const config::Value& at, const std::string& path, config::Problems& problems) const {
  if (attributes.empty()) problems.error(at.place, path, "missing required field \"attributes\"");
}

}  // namespace weir
