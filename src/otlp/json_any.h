// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace weir::otlp {

// A JSON document as an AnyValue message: objects are key-value lists in their order (of duplicate keys the last wins),
// all numbers are doubles. Nothing, and why, where it is not one document or nested more than 100 deep. Thread-safe.
std::optional<std::string> json_to_any_value(std::string_view json, std::string& error);

}  // namespace weir::otlp
