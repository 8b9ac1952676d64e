// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "weir/batch.h"

namespace weir::otlp {

// Nested arrays and key-value lists of an attribute value are read down to this depth; deeper refuses the request.
inline constexpr uint32_t kMaxValueDepth = 2000;

struct WalkResult {
  bool ok = true;
  std::string error = {};            // why the request is refused, for the sender (bad data: 400 / INVALID_ARGUMENT)
  bool too_deep = false;             // not ok because values are nested deeper than kMaxValueDepth
  bool too_many = false;             // not ok because the index would be larger than index_limit
  uint32_t rejected = 0;             // items left out because an id has a wrong length (partial success)
  std::string rejected_reason = {};  // for the sender, set where rejected > 0
};

// Indexes the request in part.bytes (an ExportXServiceRequest of `signal`, protobuf) into `out`, in place and in one
// pass (DESIGN law 1, §2.8). `out` is replaced; it has the one part, `whole` is true unless spans were rejected, and
// its context is empty. Everything that OTLP defines is checked, nested messages included (wire types as OTLP has them,
// lengths, depth); contents of unknown fields and UTF-8 are not. A request without items is ok and gives a batch
// without items. An item with a trace or span id (a span's own, its parent's, a link's, an exemplar's) that is neither
// empty nor of the right length is rejected alone; where all items are such, the request is refused. On failure `out`
// is empty. Thread-safe. `index_limit`: about how many bytes the index may take. Empty items have an index 44 times
// their own size; whoever walks what strangers sent pays for the index first.
WalkResult walk(Signal signal, Part part, Batch& out, uint64_t index_limit = UINT64_MAX);
// About what the index of a request takes, counted without making it.
uint64_t index_size(std::string_view request);

// Data points of a Metric message.
uint32_t count_points(std::string_view metric);

}  // namespace weir::otlp
