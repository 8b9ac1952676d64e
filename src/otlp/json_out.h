// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "weir/batch.h"

namespace weir::otlp {

// Appends the batch as one line of OTLP JSON without the newline, as the collector's file exporter writes it:
// lowerCamelCase keys in the order of the messages, hex ids, 64-bit numbers as strings, enums as numbers, defaults left
// out but for resource, scope, status and a log record's body. Fields that OTLP does not define
// are left out.
void append_json(const Batch& batch, std::string& out);

// Appends `text` as a JSON string with quotes; invalid UTF-8 becomes U+FFFD.
void append_json_string(std::string_view text, std::string& out);

}  // namespace weir::otlp
