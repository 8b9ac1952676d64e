// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string_view>

#include "ottl/ast.h"

namespace weir::ottl {

// Text to tree; what names mean is the compiler's business. Nothing, and the first mistake, where the text is not such
// a thing. Nested at most 100 deep. Linear time.
std::optional<ParsedStatement> parse_statement(std::string_view text, Mistake& mistake);
NodePtr parse_condition(std::string_view text, Mistake& mistake);
NodePtr parse_value(std::string_view text, Mistake& mistake);

}  // namespace weir::ottl
