// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "extensions/page.h"

namespace weir {

// The collector's `zpages` extension (collector-semantics §9.5).
struct ZPagesConfig {
  PageConfig page;  // port 55679

  static const config::Fields<ZPagesConfig>& fields();
  void validate(const config::Value& at, const std::string& path, config::Problems& problems) const;
};

}  // namespace weir
