// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "extensions/authenticator.h"
#include "extensions/basicauth/config.h"
#include "weir/component.h"

namespace weir {

// The side that the configuration names: a client sends `Authorization: Basic …`, a server checks it against htpasswd
// lines. A pair that passed is remembered by a salted digest, so that bcrypt is paid once and not for each request; the
// last pairs that were refused are too.
Authenticator make_basic_auth(const BasicAuthConfig& config, const ComponentEnv& env);

}  // namespace weir
