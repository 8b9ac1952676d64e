// SPDX-License-Identifier: Apache-2.0
#include "processors/sieve.h"

#include "otlp/batch_ops.h"

namespace weir {

Batch sieve(Batch&& batch, const std::vector<uint32_t>& kept, const std::vector<DestinationId>& downstream,
            Ledger& ledger, const Settled& how) {
  const size_t count = otlp::record_count(batch);
  if (kept.size() == count) return std::move(batch);
  std::vector<uint32_t> gone;
  gone.reserve(count - kept.size());
  size_t next = 0;
  for (uint32_t i = 0; i < count; ++i) {
    if (next < kept.size() && kept[next] == i) {
      ++next;
    } else {
      gone.push_back(i);
    }
  }
  settle(ledger, otlp::select(batch, gone), downstream, how);
  return kept.empty() ? Batch{} : otlp::select(batch, kept, otlp::TopLevel::kKeep);
}

}  // namespace weir
