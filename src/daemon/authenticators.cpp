// SPDX-License-Identifier: Apache-2.0
#include "daemon/authenticators.h"

#include "daemon/components.h"
#include "extensions/basicauth/basicauth.h"
#include "extensions/bearertokenauth/bearertokenauth.h"

namespace weir {

namespace {

// Nothing where the extension is of another kind.
std::optional<Authenticator> make(const std::string& type, const config::Value& body, const ComponentEnv& env) {
  if (type == "basicauth") return make_basic_auth(ComponentList::decode_body<BasicAuthConfig>(body), env);
  if (type == "bearertokenauth")
    return make_bearer_token_auth(ComponentList::decode_body<BearerTokenAuthConfig>(body), env);
  return std::nullopt;
}

}  // namespace

std::string StartedAuthenticators::start(const config::ServiceConfig& config, const ComponentEnv& env) {
  for (const config::Reference& started : config.started_extensions) {
    const config::ComponentConfig* extension = config.find(config::ComponentKind::kExtension, started.id);
    ComponentEnv own = env;
    own.id = started.id.to_string();
    std::optional<Authenticator> made = make(started.id.type, extension->body, own);
    if (made && !made->error.empty()) return own.id + ": " + made->error;
    if (made) by_id_[own.id] = std::move(*made);
  }
  return "";
}

std::shared_ptr<const ClientAuth> StartedAuthenticators::client(const std::string& id) const {
  const auto found = by_id_.find(id);
  return found == by_id_.end() ? nullptr : found->second.client;
}

std::shared_ptr<const ServerAuth> StartedAuthenticators::server(const std::string& id) const {
  const auto found = by_id_.find(id);
  return found == by_id_.end() ? nullptr : found->second.server;
}

}  // namespace weir
