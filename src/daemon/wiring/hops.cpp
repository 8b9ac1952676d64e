// SPDX-License-Identifier: Apache-2.0
#include "daemon/wiring/hops.h"

#include <algorithm>
#include <utility>

#include "journal/crash_page.h"
#include "otlp/batch_ops.h"

namespace weir {

void work_on(const Part& part) { journal::set_current_record(part.origin ? part.origin->record() : 0); }

void Hop::consume(Batch&& batch) {
  if (direct_) return next_.consume(std::move(batch));
  transit_.leave(batch.spans.size());
  to_.post([this, carried = std::move(batch)]() mutable {
    transit_.arrive(carried.spans.size());
    if (!carried.parts.empty()) work_on(carried.parts.front());
    next_.consume(std::move(carried));
  });
}

void Splitter::consume(Batch&& batch) {
  if (hops_.size() == 1) return hops_.front()->consume(std::move(batch));
  std::vector<Batch> pieces = otlp::partition_by_trace(std::move(batch), static_cast<uint32_t>(hops_.size()));
  for (size_t shard = 0; shard < pieces.size(); ++shard) {
    if (!pieces[shard].spans.empty()) hops_[shard]->consume(std::move(pieces[shard]));
  }
}

namespace {

bool has_ghosts(const Batch& batch) {
  return std::any_of(batch.parts.begin(), batch.parts.end(),
                     [](const Part& part) { return part.origin && part.origin->partly_settled(); });
}

template <class Record>
std::vector<uint32_t> open_at(const std::vector<Part>& parts, const std::vector<Record>& records,
                              DestinationId destination) {
  std::vector<uint32_t> open;
  for (uint32_t i = 0; i < records.size(); ++i) {
    const Origin* origin = parts[records[i].part].origin.get();
    if (origin == nullptr || !origin->settled_before(destination, records[i].item)) open.push_back(i);
  }
  return open;
}

}  // namespace

Batch without_ghosts(Batch&& batch, DestinationId destination, Ledger& ledger) {
  if (!has_ghosts(batch)) return std::move(batch);
  const bool traces = batch.signal == Signal::kTraces;
  const std::vector<uint32_t> open =
      traces ? open_at(batch.parts, batch.spans, destination) : open_at(batch.parts, batch.items, destination);
  const size_t all = otlp::record_count(batch);
  if (open.size() == all) return std::move(batch);
  if (traces) ledger.ghosts_gone(destination, all - open.size());
  return otlp::select(batch, open);
}

void Door::consume(Batch&& batch) {
  for (Part& part : batch.parts) part.destination = destination_;
  Batch open = without_ghosts(std::move(batch), destination_, ledger_);
  if (!otlp::empty(open)) next_.consume(std::move(open));
}

void ObserverDoor::observe(const Batch& batch) {
  if (!has_ghosts(batch)) return count(batch);
  const Batch open = without_ghosts(Batch(batch), destination_, ledger_);
  if (!otlp::empty(open)) count(open);
}

void ObserverDoor::count(const Batch& batch) {
  observer_.observe(batch);
  for_each_part(batch, [this](const Part& part, std::span<const uint32_t> items, uint64_t) {
    const uint64_t record = part.origin ? part.origin->record() : 0;
    if (record != 0) absorbed_.add({record, destination_, {items.begin(), items.end()}});
  });
}

void FanOut::consume(Batch&& batch) {
  for (Observer* observer : observers_) observer->observe(batch);
  if (consumers_.empty()) return;
  for (size_t i = 0; i + 1 < consumers_.size(); ++i) consumers_[i]->consume(Batch(batch));
  consumers_.back()->consume(std::move(batch));
}

}  // namespace weir
