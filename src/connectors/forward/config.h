// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/fields.h"

namespace weir {

// `forward` joins pipelines of one signal. It has no keys and no code: the graph follows it through.
struct ForwardConfig {
  static const config::Fields<ForwardConfig>& fields() {
    static const config::Fields<ForwardConfig> table;
    return table;
  }
};

}  // namespace weir
