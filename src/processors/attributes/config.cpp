// SPDX-License-Identifier: Apache-2.0
#include "processors/attributes/config.h"

namespace weir {

const config::Fields<AttributesConfig>& AttributesConfig::fields() {
  using config::field;
  static const config::Fields<AttributesConfig> table{
      field("actions", &AttributesConfig::actions, "what is done to attributes, in order"),
      field("include", &AttributesConfig::include, "the records that are meant; not written: all"),
      field("exclude", &AttributesConfig::exclude, "records that are left alone"),
  };
  return table;
}

void AttributesConfig::validate(const config::Value& at, const std::string& path, config::Problems& problems) const {
  if (at.find("actions") == nullptr || actions.empty()) {
    problems.error(at.place, path, "missing required field \"actions\"");
  }
}

void AttributesConfig::validate_in(Signal signal, const config::At& at) const {
  validate_blocks_in(signal, include, exclude, at);
}

}  // namespace weir
