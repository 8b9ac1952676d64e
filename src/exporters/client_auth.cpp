// SPDX-License-Identifier: Apache-2.0
#include "exporters/client_auth.h"

#include <stdexcept>

namespace weir {

const config::Fields<ClientAuthConfig>& ClientAuthConfig::fields() {
  using T = ClientAuthConfig;
  static const config::Fields<T> kFields = {
      config::field("authenticator", &T::authenticator, "id of the extension that authenticates each request"),
  };
  return kFields;
}

void ClientAuthConfig::validate(const config::Value& at, const std::string& path, config::Problems& problems) const {
  if (authenticator.empty()) problems.error(at.place, path, "`authenticator` must name an extension");
}

std::shared_ptr<const ClientAuth> find_client_auth(const ClientAuthConfig& config, const ComponentEnv& env) {
  if (config.authenticator.empty()) return nullptr;
  auto found = env.authenticators == nullptr ? nullptr : env.authenticators->client(config.authenticator);
  if (found == nullptr) {
    throw std::runtime_error("exporters::" + env.id + "::auth: failed to resolve authenticator \"" +
                             config.authenticator + "\": authenticator not found");
  }
  return found;
}

}  // namespace weir
