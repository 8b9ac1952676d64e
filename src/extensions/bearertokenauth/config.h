// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "config/fields.h"

namespace weir {

// The collector's `bearertokenauth` extension (collector-semantics §9.5).
struct BearerTokenAuthConfig {
  std::string scheme = "Bearer";  // "" = the token alone
  std::string token;
  std::vector<std::string> tokens;  // a client sends the first, a server takes any
  std::string filename;             // a token a line; wins over the others; read again when it changes
  std::string header = "Authorization";

  static const config::Fields<BearerTokenAuthConfig>& fields();
  void validate(const config::Value& at, const std::string& path, config::Problems& problems) const;
};

}  // namespace weir
