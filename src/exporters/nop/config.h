// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/fields.h"

namespace weir {

// `nop` takes everything and sends it nowhere. It has no keys.
struct NopExporterConfig {
  static const config::Fields<NopExporterConfig>& fields() {
    static const config::Fields<NopExporterConfig> table;
    return table;
  }
};

}  // namespace weir
