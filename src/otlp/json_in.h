// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "weir/batch.h"

namespace weir::otlp {

// An OTLP/JSON request as protobuf bytes, ready for walk(). Accepts what the collector accepts (collector-semantics
// §0.2, §1.5): lowerCamelCase and snake_case keys, hex ids of any case, 64-bit numbers as number or string, enums as
// number or name, base64 bytes, unknown fields, text after the document, duplicate keys (the last wins), invalid UTF-8.
// Nothing on bad data; *error says why then. Linear time, no recursion of ours. Thread-safe.
std::optional<std::string> json_to_protobuf(Signal signal, std::string_view json, std::string* error);

}  // namespace weir::otlp
