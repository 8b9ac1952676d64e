// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace weir::ottl {

// Digests as lower-case hex. For names and pseudonyms, not for secrets (MD5 and SHA-1 are broken as such).
std::string md5_hex(std::string_view data);
std::string sha1_hex(std::string_view data);
std::string sha256_hex(std::string_view data);
std::string sha512_hex(std::string_view data);
uint64_t fnv1a_64(std::string_view data);

}  // namespace weir::ottl
