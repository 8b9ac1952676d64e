// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "config/fields.h"

namespace weir {

struct HealthCheckResponseBody {
  std::string healthy;
  std::string unhealthy;
  static const config::Fields<HealthCheckResponseBody>& fields();
};

// The collector's `health_check` extension (reference/collector-semantics.md §9.5).
struct HealthCheckConfig {
  std::string endpoint;  // "" = WEIR_DEFAULT_HOST (127.0.0.1), port 13133
  std::string path = "/";
  std::optional<HealthCheckResponseBody> response_body;

  static const config::Fields<HealthCheckConfig>& fields();
  void validate(const config::Value& at, const std::string& path_here, config::Problems& problems) const;
};

}  // namespace weir
