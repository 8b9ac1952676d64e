// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "weir/auth.h"

namespace weir {

// What an authentication extension is made into: the sides that its configuration gives it, or why it cannot be used.
struct Authenticator {
  std::shared_ptr<const ClientAuth> client;
  std::shared_ptr<const ServerAuth> server;
  std::string error;
};

// True where both are the same; takes as long for any two texts of these lengths, so that a peer cannot find out a
// secret byte by byte.
inline bool same_secret(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  unsigned char difference = 0;
  for (size_t i = 0; i < a.size(); ++i) difference |= static_cast<unsigned char>(a[i] ^ b[i]);
  const volatile unsigned char result = difference;
  return result == 0;
}

}  // namespace weir
