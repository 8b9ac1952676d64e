// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace weir::ottl {

// The W3C trace state header: "a=1,b=2". Nothing where it is not one, as the collector then leaves it alone.
std::optional<std::string_view> trace_state_value(std::string_view state, std::string_view key);  // "" where absent
// With that entry in front. Nothing where the state, the key or the value is not allowed there.
std::optional<std::string> with_trace_state(std::string_view state, std::string_view key, std::string_view value);

}  // namespace weir::ottl
