// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace weir::ottl {

// The parts of a URL (RFC 3986), percent signs resolved in path, fragment and user.
struct Url {
  std::string scheme, host, path, query, fragment, user_info, user, password;
  int port = -1;
  bool has_user = false;
  bool has_password = false;
};
// Absolute or relative. False where the text is none.
bool parse_url(std::string_view text, Url& out);

}  // namespace weir::ottl
