// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "extensions/page.h"

namespace weir {

struct HealthCheckResponseBody {
  std::string healthy;
  std::string unhealthy;
  static const config::Fields<HealthCheckResponseBody>& fields();
};

// The collector's `health_check` extension (collector-semantics §9.5).
struct HealthCheckConfig {
  PageConfig page;  // port 13133
  std::string path = "/";
  std::optional<HealthCheckResponseBody> response_body;

  static const config::Fields<HealthCheckConfig>& fields();
  void validate(const config::Value& at, const std::string& path_here, config::Problems& problems) const;
};

}  // namespace weir
