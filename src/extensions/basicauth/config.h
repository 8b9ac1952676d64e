// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "config/fields.h"

namespace weir {

struct BasicAuthHtpasswd {
  std::string file;
  std::string inline_lines;  // overrides lines of the file for the same user
  static const config::Fields<BasicAuthHtpasswd>& fields();
};

struct BasicAuthClient {
  std::string username, password;
  std::string username_file, password_file;  // win over the texts; read again when they change
  static const config::Fields<BasicAuthClient>& fields();
};

// The collector's `basicauth` extension (collector-semantics §9.5): exactly one of the two sides.
struct BasicAuthConfig {
  std::optional<BasicAuthHtpasswd> htpasswd;
  std::optional<BasicAuthClient> client_auth;

  static const config::Fields<BasicAuthConfig>& fields();
  void validate(const config::Value& at, const std::string& path, config::Problems& problems) const;
};

}  // namespace weir
