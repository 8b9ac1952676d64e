// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "config/fields.h"
#include "weir/auth.h"
#include "weir/component.h"

namespace weir {

// `auth` of whoever connects: the extension whose headers each request carries.
struct ClientAuthConfig {
  std::string authenticator;  // id of the extension; "" = none
  static const config::Fields<ClientAuthConfig>& fields();
  void validate(const config::Value& at, const std::string& path, config::Problems& problems) const;
};

// Null where the config names none. Throws std::runtime_error where there is none of that name.
std::shared_ptr<const ClientAuth> find_client_auth(const ClientAuthConfig& config, const ComponentEnv& env);

}  // namespace weir
