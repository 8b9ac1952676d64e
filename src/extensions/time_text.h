// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "weir/clock.h"

namespace weir {

// An elapsed time in Go's notation, as the collector writes it: "1h2m3.5s", "250ms", "0s".
std::string go_duration_text(Duration elapsed);
// A time since 1970 as RFC 3339 in UTC with nanoseconds.
std::string time_text(Duration wall);

}  // namespace weir
