// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "config/value.h"

namespace weir::config {

// One YAML document as a tree with places. Plain scalars mean what the collector's YAML reader makes of them
// (true/false, null, integers with 0x, 0o, 0b and _, floats; yes, no, on and dates are strings). Aliases and `<<`
// merges are applied; they keep the place of their anchor. Mistakes (syntax, duplicate keys, a second document, control
// characters, a tree of more than 200,000 nodes or 200 levels) go to `problems`; after a syntax error the result is
// null. An empty text is null. `source` is what places name.
Value parse_yaml(std::string_view text, const std::string& source, Problems& problems);

// What a plain scalar means; sets kind and the value beside `text`.
void resolve_plain_scalar(Value& value);

}  // namespace weir::config
