// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "otlp/schema.h"
#include "weir/span_record.h"

namespace weir::otlp {

// Reads one Span message into `span` (all but body, part and scope) and checks all that is nested in it. Ranges are
// offsets from `base`. The last one of a repeated singular field wins; split Status messages are merged. For code that
// rewrites spans: the same function reads the new bytes.
schema::Verdict read_span(std::string_view message, const char* base, SpanRecord& span);

}  // namespace weir::otlp
