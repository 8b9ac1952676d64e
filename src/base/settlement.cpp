// SPDX-License-Identifier: Apache-2.0
#include "weir/settlement.h"

#include "weir/batch.h"

namespace weir {

std::string_view name_of(Outcome outcome) {
  static constexpr std::string_view kNames[] = {"exported", "sampled_out", "filtered", "dropped"};
  return kNames[static_cast<int>(outcome)];
}

std::string_view name_of(DropReason reason) {
  static constexpr std::string_view kNames[] = {"queue_full", "retries_exhausted",  "refused", "rejected",
                                                "too_large",  "processor_error",    "corrupt", "evicted",
                                                "shutdown",   "destination_removed"};
  return kNames[static_cast<int>(reason)];
}

uint64_t Ledger::Account::settled() const {
  uint64_t sum = 0;
  for (const auto& n : outcomes) sum += n.load(std::memory_order_relaxed);
  return sum;
}

DestinationId Ledger::add_destination(std::string pipeline, std::string exporter) {
  Account& account = accounts_.emplace_back();
  account.pipeline = std::move(pipeline);
  account.exporter = std::move(exporter);
  return static_cast<DestinationId>(accounts_.size() - 1);
}

void Ledger::admit(DestinationId destination, uint64_t spans) {
  accounts_[destination].admitted.fetch_add(spans, std::memory_order_relaxed);
}

void Ledger::settle(DestinationId destination, uint64_t spans, const Settled& how) {
  Account& account = accounts_[destination];
  account.outcomes[static_cast<size_t>(how.outcome)].fetch_add(spans, std::memory_order_relaxed);
  if (how.outcome == Outcome::kDropped) {
    account.dropped[static_cast<size_t>(how.reason)].fetch_add(spans, std::memory_order_relaxed);
  }
}

std::vector<uint32_t> items_per_part(const Batch& batch) {
  if (batch.parts.size() == 1) return {static_cast<uint32_t>(batch.item_count())};
  std::vector<uint32_t> counts(batch.parts.size());
  for (const SpanRecord& span : batch.spans) ++counts[span.part];
  for (const ItemRecord& item : batch.items) counts[item.part] += item.count;
  return counts;
}

void settle(Ledger& ledger, const Batch& batch, const std::vector<DestinationId>& destinations, const Settled& how) {
  const std::vector<uint32_t> counts = items_per_part(batch);
  for (DestinationId destination : destinations) {
    if (batch.signal == Signal::kTraces) ledger.settle(destination, batch.spans.size(), how);
    for (size_t i = 0; i < counts.size(); ++i) {
      if (counts[i] > 0 && batch.parts[i].origin) batch.parts[i].origin->settle(destination, counts[i], how);
    }
  }
}

void settle_at_door(Ledger& ledger, const Batch& batch, const Settled& how) {
  const std::vector<uint32_t> counts = items_per_part(batch);
  for (size_t i = 0; i < counts.size(); ++i) {
    const Part& part = batch.parts[i];
    if (counts[i] == 0 || part.destination == kNoDestination) continue;
    if (batch.signal == Signal::kTraces) ledger.settle(part.destination, counts[i], how);
    if (part.origin) part.origin->settle(part.destination, counts[i], how);
  }
}

}  // namespace weir
