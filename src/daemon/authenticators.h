// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <string>

#include "config/service_config.h"
#include "extensions/authenticator.h"
#include "weir/component.h"

namespace weir {

// The authentication extensions that service::extensions starts. Made before receivers and exporters, which find them
// in their ComponentEnv.
class StartedAuthenticators final : public Authenticators {
 public:
  // "" or what is wrong, with the extension's id: a file that cannot be read.
  std::string start(const config::ServiceConfig& config, const ComponentEnv& env);

  std::shared_ptr<const ClientAuth> client(const std::string& id) const override;
  std::shared_ptr<const ServerAuth> server(const std::string& id) const override;

 private:
  std::map<std::string, Authenticator> by_id_;
};

}  // namespace weir
