// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/fields.h"

namespace weir {

// `nop` receives nothing: a pipeline for later. It has no keys and no code.
struct NopReceiverConfig {
  static const config::Fields<NopReceiverConfig>& fields() {
    static const config::Fields<NopReceiverConfig> table;
    return table;
  }
};

}  // namespace weir
