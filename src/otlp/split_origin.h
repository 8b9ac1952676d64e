// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <utility>

#include "weir/settlement.h"

namespace weir::otlp {

// The accounts of the two halves of an item that is split between its points: `item` of `whole`, `front` and `back`
// points. The item is settled at a destination when both halves are, with all points and the worse of the two ends.
std::pair<OriginRef, OriginRef> split_origin(OriginRef whole, uint32_t item, uint32_t front, uint32_t back);

}  // namespace weir::otlp
