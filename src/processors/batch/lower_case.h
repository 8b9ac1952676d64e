// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace weir {

// Client metadata keys are compared in lower case (ASCII, as header names are).
inline std::string lower_case(std::string text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + ('a' - 'A'));
  }
  return text;
}

}  // namespace weir
