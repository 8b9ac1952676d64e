// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace weir {

// Base64 with padding (RFC 4648 §4), as credentials and {SHA} hashes are written. Decoding: nothing where it is none.
std::string encode_base64(std::string_view bytes);
std::optional<std::string> decode_base64(std::string_view text);

}  // namespace weir
