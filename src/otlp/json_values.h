// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "otlp/schema.h"

// Scalars of OTLP/JSON as the collector reads them. Nothing where the text is not such a value or out of its range.
namespace weir::otlp::json {

// A number of that kind from decimal text, as it goes on the wire (sint32 as zigzag, enums and int32 sign-extended).
// `quoted`: from a JSON string, where Go's strconv also takes a plus sign and leading zeros.
std::optional<uint64_t> parse_integer(schema::Kind kind, std::string_view text, bool quoted);
// The bits of a double.
std::optional<uint64_t> parse_real(std::string_view text);
// Standard alphabet with padding; line breaks are skipped.
std::optional<std::string> decode_base64(std::string_view text);
// Hex digits of any case to bytes.
std::optional<std::string> decode_hex(std::string_view text);

// The text with every escaped surrogate that has no partner turned into \ufffd; nothing where there is none.
std::optional<std::string> repair_surrogates(std::string_view json);

}  // namespace weir::otlp::json
