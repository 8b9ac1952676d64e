// SPDX-License-Identifier: Apache-2.0
#include "weir/batch.h"

namespace weir {

std::string_view name_of(Signal signal) {
  static constexpr std::string_view kNames[] = {"traces", "metrics", "logs"};
  return kNames[static_cast<int>(signal)];
}

uint64_t Batch::item_count() const {
  uint64_t count = spans.size();
  for (const ItemRecord& item : items) count += item.count;
  return count;
}

}  // namespace weir
