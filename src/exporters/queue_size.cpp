// SPDX-License-Identifier: Apache-2.0
#include "exporters/queue_size.h"

#include "otlp/encoder.h"

namespace weir {

namespace {

// A tag and a length of nearly any size.
constexpr uint64_t kFraming = 6;

uint64_t header_bytes(const Batch& batch, uint32_t first, uint32_t count) {
  uint64_t bytes = kFraming;
  for (uint32_t i = first; i < first + count; ++i) bytes += batch.ranges[i].length;
  return bytes;
}

// What a record adds to a request whose last record belongs to scope `before` (UINT32_MAX: to none).
uint64_t bytes_added(const Batch& batch, uint32_t scope, uint32_t before, uint32_t body) {
  uint64_t bytes = kFraming + body;
  if (scope == before) return bytes;
  const ScopeEntry& entry = batch.scopes[scope];
  bytes += header_bytes(batch, entry.first_range, entry.range_count);
  if (before != UINT32_MAX && batch.scopes[before].resource == entry.resource) return bytes;
  const ResourceEntry& resource = batch.resources[entry.resource];
  return bytes + header_bytes(batch, resource.first_range, resource.range_count);
}

uint64_t count_of(const SpanRecord&) { return 1; }
uint64_t count_of(const ItemRecord& item) { return item.count; }

template <class Record>
uint64_t records_that_fit(const Batch& batch, const std::vector<Record>& records, uint64_t room) {
  uint64_t items = 0;
  uint64_t used = 0;
  uint32_t before = UINT32_MAX;
  for (const Record& record : records) {
    used += bytes_added(batch, record.scope, before, record.body.length);
    if (used > room) break;
    items += count_of(record);
    before = record.scope;
  }
  return items;
}

}  // namespace

uint64_t size_of(const Batch& batch, Sizer sizer) {
  switch (sizer) {
    case Sizer::kRequests:
      return 1;
    case Sizer::kItems:
      return batch.item_count();
    case Sizer::kBytes:
      return otlp::encoded_size(batch);
  }
  return 1;
}

uint64_t items_that_fit(const Batch& batch, Sizer sizer, uint64_t room) {
  if (sizer == Sizer::kItems) return room;
  return batch.signal == Signal::kTraces ? records_that_fit(batch, batch.spans, room)
                                         : records_that_fit(batch, batch.items, room);
}

}  // namespace weir
