// SPDX-License-Identifier: Apache-2.0
#include "extensions/basicauth/config.h"

namespace weir {

using config::field;
using config::secret_field;

const config::Fields<BasicAuthHtpasswd>& BasicAuthHtpasswd::fields() {
  using T = BasicAuthHtpasswd;
  static const config::Fields<T> kFields = {
      field("file", &T::file, "htpasswd file with the users that may pass; read at the start"),
      secret_field("inline", &T::inline_lines, "lines of such a file; they win over the file's"),
  };
  return kFields;
}

const config::Fields<BasicAuthClient>& BasicAuthClient::fields() {
  using T = BasicAuthClient;
  static const config::Fields<T> kFields = {
      field("username", &T::username, "user that requests are sent as"),
      secret_field("password", &T::password, "its password"),
      field("username_file", &T::username_file, "file with the user, read again when it changes"),
      field("password_file", &T::password_file, "file with the password, read again when it changes"),
  };
  return kFields;
}

const config::Fields<BasicAuthConfig>& BasicAuthConfig::fields() {
  using T = BasicAuthConfig;
  static const config::Fields<T> kFields = {
      field("htpasswd", &T::htpasswd, "server: who may pass"),
      field("client_auth", &T::client_auth, "client: what is sent"),
  };
  return kFields;
}

void BasicAuthConfig::validate(const config::Value& at, const std::string& path, config::Problems& problems) const {
  const auto fail = [&](std::string text) { problems.error(at.place, path, std::move(text)); };
  if (htpasswd && client_auth) return fail("only one of `htpasswd` or `client_auth` can be specified");
  if (!htpasswd && !client_auth) return fail("no credential source provided; expected `htpasswd` or `client_auth`");
  if (htpasswd && htpasswd->file.empty() && htpasswd->inline_lines.empty())
    fail("no credential source provided; expected `file` or `inline` in `htpasswd`");
}

}  // namespace weir
