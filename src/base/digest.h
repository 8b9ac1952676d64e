// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace weir {

// Digests, as bytes and as lower-case hex. MD5 and SHA-1 are broken: for names, pseudonyms and old password files only.
std::string md5(std::string_view data);
std::string sha1(std::string_view data);
std::string sha256(std::string_view data);
std::string md5_hex(std::string_view data);
std::string sha1_hex(std::string_view data);
std::string sha256_hex(std::string_view data);
std::string sha512_hex(std::string_view data);
uint64_t fnv1a_64(std::string_view data);

}  // namespace weir
