// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ottl/ast.h"

namespace weir::ottl {

struct Token {
  enum class Kind : uint8_t { kEnd, kName, kInt, kFloat, kString, kBytes, kSymbol };
  Kind kind = Kind::kEnd;
  size_t at = 0;
  std::string_view text;  // as written; of a string, without the quotes
  bool is(std::string_view symbol_or_word) const {
    return (kind == Kind::kSymbol || kind == Kind::kName) && text == symbol_or_word;
  }
};

// The tokens of a statement, with one kEnd behind the last; nothing where a character fits nowhere.
std::optional<std::vector<Token>> tokens_of(std::string_view text, Mistake& mistake);

// The text of a string token with its escapes resolved (\n, \t, \", \\, \x41, \101, é, …); nothing where one is
// unknown.
std::optional<std::string> unescape(std::string_view quoted);

// The literal that a number, string or bytes token stands for; null, and what is wrong, where it is none.
NodePtr literal_of(const Token& token, std::string& wrong);

Mistake mistake_at(std::string_view text, size_t offset, std::string what);

}  // namespace weir::ottl
