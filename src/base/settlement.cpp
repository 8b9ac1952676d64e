// SPDX-License-Identifier: Apache-2.0
#include "weir/settlement.h"

#include <algorithm>

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

DestinationId Ledger::add_destination(std::string pipeline, std::string exporter, bool observer) {
  Account& account = accounts_.emplace_back();
  account.observer = observer;
  account.pipeline = std::move(pipeline);
  account.exporter = std::move(exporter);
  return static_cast<DestinationId>(accounts_.size() - 1);
}

void Ledger::admit(DestinationId destination, uint64_t spans) {
  accounts_[destination].admitted.fetch_add(spans, std::memory_order_relaxed);
}

void Ledger::admit_replayed(DestinationId destination, uint64_t spans, uint64_t ghosts) {
  admit(destination, spans);
  accounts_[destination].replayed.fetch_add(spans, std::memory_order_relaxed);
  accounts_[destination].ghosts.fetch_add(ghosts, std::memory_order_relaxed);
}

void Ledger::ghosts_gone(DestinationId destination, uint64_t spans) {
  accounts_[destination].ghosts.fetch_sub(spans, std::memory_order_relaxed);
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

namespace {

// Items that were settled at the destination before the start, taken out of `items`.
uint64_t leave_out_ghosts(const Origin& origin, DestinationId destination, std::vector<uint32_t>& items) {
  return std::erase_if(items, [&](uint32_t item) { return origin.settled_before(destination, item); });
}

void settle_at(Ledger& ledger, Signal signal, const Part& part, std::span<const uint32_t> items, uint64_t weight,
               DestinationId destination, const Settled& how) {
  if (weight == 0) return;
  std::vector<uint32_t> open;
  if (part.origin && part.origin->partly_settled()) {
    open.assign(items.begin(), items.end());
    const uint64_t ghosts = leave_out_ghosts(*part.origin, destination, open);
    ledger.ghosts_gone(destination, signal == Signal::kTraces ? ghosts : 0);
    if (open.empty()) return;
    items = open;
    weight -= ghosts;
  }
  if (signal == Signal::kTraces) ledger.settle(destination, weight, how);
  if (part.origin) part.origin->settle(destination, items, weight, how);
}

}  // namespace

void for_each_part(const Batch& batch,
                   const std::function<void(const Part&, std::span<const uint32_t>, uint64_t weight)>& visit) {
  struct Of {
    std::vector<uint32_t> items;
    uint64_t weight = 0;
  };
  std::vector<Of> parts(batch.parts.size());
  for (const SpanRecord& span : batch.spans) {
    parts[span.part].items.push_back(span.item);
    ++parts[span.part].weight;
  }
  for (const ItemRecord& item : batch.items) {
    parts[item.part].items.push_back(item.item);
    parts[item.part].weight += item.count;
  }
  for (size_t i = 0; i < parts.size(); ++i) {
    if (!parts[i].items.empty()) visit(batch.parts[i], parts[i].items, parts[i].weight);
  }
}

void settle_items(Ledger& ledger, Signal signal, const Part& part, std::span<const uint32_t> items, uint64_t weight,
                  const std::vector<DestinationId>& destinations, const Settled& how) {
  for (DestinationId destination : destinations) settle_at(ledger, signal, part, items, weight, destination, how);
}

namespace {
bool somebody_waits(const Batch& batch) {
  return std::any_of(batch.parts.begin(), batch.parts.end(), [](const Part& part) { return part.origin != nullptr; });
}
}  // namespace

void settle(Ledger& ledger, const Batch& batch, const std::vector<DestinationId>& destinations, const Settled& how) {
  if (!somebody_waits(batch)) {
    if (batch.signal != Signal::kTraces) return;
    for (DestinationId destination : destinations) ledger.settle(destination, batch.spans.size(), how);
    return;
  }
  for_each_part(batch, [&](const Part& part, std::span<const uint32_t> items, uint64_t weight) {
    settle_items(ledger, batch.signal, part, items, weight, destinations, how);
  });
}

void settle_at_door(Ledger& ledger, const Batch& batch, const Settled& how) {
  if (!somebody_waits(batch)) {
    if (batch.signal != Signal::kTraces) return;
    const std::vector<uint32_t> counts = items_per_part(batch);
    for (size_t i = 0; i < counts.size(); ++i) {
      if (batch.parts[i].destination != kNoDestination) ledger.settle(batch.parts[i].destination, counts[i], how);
    }
    return;
  }
  for_each_part(batch, [&](const Part& part, std::span<const uint32_t> items, uint64_t weight) {
    if (part.destination == kNoDestination) return;
    settle_at(ledger, batch.signal, part, items, weight, part.destination, how);
  });
}

}  // namespace weir
