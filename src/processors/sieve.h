// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "weir/batch.h"
#include "weir/component.h"

namespace weir {

// Ends the life of the records that are not in `kept` (ascending numbers) as `how`, at each of `downstream`, and gives
// the batch of the others: empty where there are none, untouched where all are kept.
Batch sieve(Batch&& batch, const std::vector<uint32_t>& kept, const std::vector<DestinationId>& downstream,
            Ledger& ledger, const Settled& how);

}  // namespace weir
