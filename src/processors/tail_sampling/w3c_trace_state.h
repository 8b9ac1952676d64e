// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string_view>

namespace weir {

// The value of a key in a W3C tracestate: "" where the key is absent, nothing where the text as a whole is no valid
// tracestate (Trace Context level 1, §3.3.1: at most 32 members, keys unique).
std::optional<std::string_view> trace_state_member(std::string_view trace_state, std::string_view key);

}  // namespace weir
