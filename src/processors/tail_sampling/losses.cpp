// SPDX-License-Identifier: Apache-2.0
#include "processors/tail_sampling/losses.h"

#include <algorithm>
#include <utility>

namespace weir {

namespace {

const Settled& settled_as(size_t loss) {
  static const Settled kHow[kLosses] = {
      Settled::sampled_out(), Settled::dropped(DropReason::kEvicted), Settled::dropped(DropReason::kTooLarge),
      Settled::dropped(DropReason::kShutdown), Settled::dropped(DropReason::kCorrupt)};
  return kHow[loss];
}

}  // namespace

void Losses::add(uint32_t first_span, Loss loss) {
  for (uint32_t i = first_span; i != kNone;) {
    const uint32_t next = table_.span(i).next;
    add_span(i, loss);
    i = next;
  }
}

void Losses::add_span(uint32_t span, Loss loss) {
  Lost& lost = lost_[static_cast<size_t>(loss)];
  if (table_.part_of(table_.span(span)).origin != nullptr) return lost.spans.push_back(span);
  ++lost.counted;
  table_.release_span(span);
}

void Losses::settle() {
  for (size_t loss = 0; loss < kLosses; ++loss) {
    Lost& lost = lost_[loss];
    if (!lost.spans.empty()) settle_by_part(lost.spans, settled_as(loss));
    const uint64_t counted = std::exchange(lost.counted, 0);
    if (counted == 0) continue;
    for (DestinationId destination : destinations_) ledger_.settle(destination, counted, settled_as(loss));
  }
}

void Losses::settle_by_part(std::vector<uint32_t>& spans, const Settled& how) {
  const auto place = [this](uint32_t span) { return std::pair(table_.span(span).run, table_.span(span).part); };
  std::sort(spans.begin(), spans.end(), [&](uint32_t a, uint32_t b) { return place(a) < place(b); });
  for (size_t from = 0, to = 0; from < spans.size(); from = to) {
    items_.clear();
    for (; to < spans.size() && place(spans[to]) == place(spans[from]); ++to)
      items_.push_back(table_.span(spans[to]).item);
    settle_items(ledger_, Signal::kTraces, table_.part_of(table_.span(spans[from])), items_, items_.size(),
                 destinations_, how);
  }
  for (uint32_t span : spans) table_.release_span(span);
  spans.clear();
}

}  // namespace weir
