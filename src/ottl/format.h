// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "ottl/value.h"

namespace weir::ottl {

// Text by a format string, as Go's fmt.Sprintf: verbs %s %v %d %x %X %o %b %c %q %t %f %e %g %%, flags + - # 0 space,
// width and precision. What does not fit is named in the text: "%!d(string=x)", "%!s(MISSING)", "%!(EXTRA int64=1)".
void format_text(std::string_view format, std::span<const Value> values, std::string& out);

}  // namespace weir::ottl
