// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "extensions/authenticator.h"
#include "extensions/bearertokenauth/config.h"
#include "weir/component.h"

namespace weir {

// Both sides: a client sends its first token, a server lets any of them pass.
Authenticator make_bearer_token_auth(const BearerTokenAuthConfig& config, const ComponentEnv& env);

}  // namespace weir
