// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace weir::config {

struct BadCharacter {
  int line = 0;  // 1-based, as the column (in bytes)
  int column = 0;
  std::string text;
};

// The first byte that cannot stand in a YAML text: broken UTF-8, or a control character other than tab and line ends.
std::optional<BadCharacter> find_bad_character(std::string_view text);

}  // namespace weir::config
