// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "exporters/queue_config.h"
#include "weir/batch.h"

namespace weir {

// A batch in units of a sizer: 1, its items, or the bytes of its encoded request.
uint64_t size_of(const Batch& batch, Sizer sizer);

// How many of the first items make a request of at most `room` units, headers counted (bytes: never more than room, at
// times a little less). 0 where not even the first record fits. Not for Sizer::kRequests.
uint64_t items_that_fit(const Batch& batch, Sizer sizer, uint64_t room);

}  // namespace weir
