// SPDX-License-Identifier: Apache-2.0
#include "extensions/bearertokenauth/config.h"

#include <algorithm>

namespace weir {

namespace {

using T = BearerTokenAuthConfig;
using config::field;
using config::secret_field;

// A line end in a header would be another header.
bool fits_a_header(const std::string& text) {
  return std::none_of(text.begin(), text.end(), [](char c) { return c == '\r' || c == '\n' || c == '\0'; });
}

}  // namespace

const config::Fields<T>& T::fields() {
  static const config::Fields<T> kFields = {
      field("scheme", &T::scheme, "word before the token"),
      secret_field("token", &T::token, "the token"),
      secret_field("tokens", &T::tokens, "tokens: a client sends the first, a server takes any"),
      field("filename", &T::filename, "file with a token a line, read again when it changes"),
      field("header", &T::header, "header that carries it"),
      config::unsupported<T>("file_retry"),
      config::unsupported<T>("retry_on_failure"),
      config::unsupported<T>("wait_for_token_file"),
  };
  return kFields;
}

void T::validate(const config::Value& at, const std::string& path, config::Problems& problems) const {
  const auto fail = [&](std::string text) { problems.error(at.place, path, std::move(text)); };
  if (token.empty() && tokens.empty() && filename.empty()) fail("no bearer token provided");
  if (!token.empty() && !tokens.empty()) fail("either tokens or token should be provided, not both");
  if (header.empty()) fail("`header` must not be empty");
  const bool sound =
      fits_a_header(token) && fits_a_header(scheme) && std::all_of(tokens.begin(), tokens.end(), fits_a_header);
  if (!sound) fail("a token must be one line");
  if (std::find(tokens.begin(), tokens.end(), "") != tokens.end()) fail("a token must not be empty");
  if (!filename.empty() && (!token.empty() || !tokens.empty()))
    problems.warn(at.place, path, "`filename` is written: `token` and `tokens` are not used");
}

}  // namespace weir
