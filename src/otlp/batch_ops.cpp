// SPDX-License-Identifier: Apache-2.0
#include "otlp/batch_ops.h"

#include <algorithm>
#include <optional>
#include <tuple>
#include <utility>

#include "otlp/metric_split.h"
#include "otlp/split_origin.h"

namespace weir::otlp {
namespace {

constexpr uint32_t kNone = UINT32_MAX;

// Copies records of one batch into another, in ascending order, with the tables that they use. Since items of a scope
// are contiguous, remembering the last scope and resource is enough: no lookup per item.
class Picker {
 public:
  Picker(const Batch& from, size_t expected) : from_(from), parts_(from.parts.size(), kNone) {
    to_.signal = from.signal;
    to_.context = from.context;
    if (from.signal == Signal::kTraces) {
      to_.spans.reserve(expected);
    } else {
      to_.items.reserve(expected);
    }
  }

  void pick(uint32_t index) {
    if (from_.signal == Signal::kTraces) {
      add(from_.spans[index], to_.spans);
    } else {
      add(from_.items[index], to_.items);
    }
  }
  // The item with another body, which lies in `part` of the new batch.
  void pick_as(const ItemRecord& item, uint32_t part, Range body, uint32_t count) {
    to_.items.push_back({body, part, scope_of(item.scope), item.item, count});
  }
  uint32_t add_part(Part part) {
    to_.parts.push_back(std::move(part));
    return static_cast<uint32_t>(to_.parts.size() - 1);
  }
  void add_top_level() {
    for (const auto& [part, range] : from_.top_level) to_.top_level.emplace_back(part_of(part), range);
  }
  Batch take() { return std::move(to_); }

 private:
  template <class Record>
  void add(const Record& record, std::vector<Record>& records) {
    Record& copy = records.emplace_back(record);
    copy.part = part_of(record.part);
    copy.scope = scope_of(record.scope);
  }
  uint32_t part_of(uint32_t part) {
    if (parts_[part] == kNone) {
      parts_[part] = static_cast<uint32_t>(to_.parts.size());
      to_.parts.push_back(from_.parts[part]);
    }
    return parts_[part];
  }
  uint32_t scope_of(uint32_t scope) {
    if (scope != scope_) {
      scope_ = scope;
      const ScopeEntry& entry = from_.scopes[scope];
      const uint32_t resource = resource_of(entry.resource);
      to_.scopes.push_back({resource, part_of(entry.part), copy_ranges(entry), entry.range_count});
    }
    return static_cast<uint32_t>(to_.scopes.size() - 1);
  }
  uint32_t resource_of(uint32_t resource) {
    if (resource != resource_) {
      resource_ = resource;
      const ResourceEntry& entry = from_.resources[resource];
      to_.resources.push_back({part_of(entry.part), copy_ranges(entry), entry.range_count});
    }
    return static_cast<uint32_t>(to_.resources.size() - 1);
  }
  template <class Entry>
  uint32_t copy_ranges(const Entry& entry) {
    const auto first = static_cast<uint32_t>(to_.ranges.size());
    const auto begin = from_.ranges.begin() + entry.first_range;
    to_.ranges.insert(to_.ranges.end(), begin, begin + entry.range_count);
    return first;
  }

  const Batch& from_;
  Batch to_;
  std::vector<uint32_t> parts_;  // part of from_ -> part of to_
  uint32_t scope_ = kNone;
  uint32_t resource_ = kNone;
};

bool same_metadata(const ContextRef& a, const ContextRef& b) {
  return a == b || (a != nullptr && b != nullptr && a->metadata == b->metadata);
}

bool same_part(const Part& a, const Part& b) {
  return a.bytes == b.bytes && a.origin == b.origin && a.sequence == b.sequence && a.destination == b.destination;
}

// Adds the parts of `from` and returns where each went. Pieces of one request that follow each other share their part.
std::vector<uint32_t> append_parts(std::vector<Part>& into, std::vector<Part>&& from) {
  std::vector<uint32_t> places;
  places.reserve(from.size());
  for (Part& part : from) {
    if (into.empty() || !same_part(into.back(), part)) into.push_back(std::move(part));
    places.push_back(static_cast<uint32_t>(into.size() - 1));
  }
  return places;
}

template <class Record>
void append_records(std::vector<Record>& into, const std::vector<Record>& from, const std::vector<uint32_t>& parts,
                    uint32_t first_scope) {
  for (const Record& record : from) {
    Record& copy = into.emplace_back(record);
    copy.part = parts[record.part];
    copy.scope += first_scope;
  }
}

// Where a split falls: so many whole records go to the front, and so many points of the next one.
struct Cut {
  uint32_t records = 0;
  uint32_t points = 0;
};

Cut cut_at(const Batch& batch, uint64_t max_items) {
  if (batch.signal == Signal::kTraces) return {static_cast<uint32_t>(max_items), 0};
  uint32_t index = 0;
  uint64_t room = max_items;
  while (index < batch.items.size() && batch.items[index].count <= room) room -= batch.items[index++].count;
  return {index, static_cast<uint32_t>(room)};
}

// Puts the first `points` data points of a metric into `front`, the others into `back`, both in a new part.
void split_item(const Batch& batch, const ItemRecord& item, uint32_t points, Picker& front, Picker& back) {
  const SplitMetric halves = split_metric(batch.view(item.part, item.body), points);
  const uint32_t rest = item.count - points;
  Part first = batch.parts[item.part];
  first.rewritten = true;
  first.bytes = BufferRef::copy_of(halves.front + halves.back);
  Part second = first;
  std::tie(first.origin, second.origin) = split_origin(first.origin, item.item, points, rest);
  const auto front_size = static_cast<uint32_t>(halves.front.size());
  const auto back_size = static_cast<uint32_t>(halves.back.size());
  front.pick_as(item, front.add_part(std::move(first)), {0, front_size}, points);
  back.pick_as(item, back.add_part(std::move(second)), {front_size, back_size}, rest);
}

}  // namespace

Batch select(const Batch& from, std::span<const uint32_t> indices, TopLevel top_level) {
  Picker picker(from, indices.size());
  for (uint32_t index : indices) picker.pick(index);
  if (top_level == TopLevel::kKeep) picker.add_top_level();
  return picker.take();
}

void append(Batch& into, Batch&& from) {
  if (from.parts.empty()) return;
  if (into.parts.empty()) {
    into = std::move(from);
    return;
  }
  const auto first_range = static_cast<uint32_t>(into.ranges.size());
  const auto first_resource = static_cast<uint32_t>(into.resources.size());
  const auto first_scope = static_cast<uint32_t>(into.scopes.size());
  const std::vector<uint32_t> parts = append_parts(into.parts, std::move(from.parts));
  into.ranges.insert(into.ranges.end(), from.ranges.begin(), from.ranges.end());
  for (const ResourceEntry& entry : from.resources) {
    into.resources.push_back({parts[entry.part], entry.first_range + first_range, entry.range_count});
  }
  for (const ScopeEntry& entry : from.scopes) {
    into.scopes.push_back(
        {entry.resource + first_resource, parts[entry.part], entry.first_range + first_range, entry.range_count});
  }
  append_records(into.spans, from.spans, parts, first_scope);
  append_records(into.items, from.items, parts, first_scope);
  for (const auto& [part, range] : from.top_level) into.top_level.emplace_back(parts[part], range);
  if (!same_metadata(into.context, from.context)) into.context = nullptr;
  into.whole = false;
  from = {};
}

Batch split_front(Batch& batch, uint64_t max_items) {
  if (batch.item_count() <= max_items) {
    Batch rest;
    rest.signal = batch.signal;
    return std::exchange(batch, std::move(rest));
  }
  const Cut cut = cut_at(batch, std::max<uint64_t>(max_items, 1));
  const auto records = static_cast<uint32_t>(record_count(batch));
  Picker front(batch, cut.records + 1);
  Picker back(batch, records - cut.records);
  for (uint32_t i = 0; i < cut.records; ++i) front.pick(i);
  const bool split = cut.points > 0 && cut.records < records;
  if (split) split_item(batch, batch.items[cut.records], cut.points, front, back);
  for (uint32_t i = cut.records + (split ? 1 : 0); i < records; ++i) back.pick(i);
  front.add_top_level();
  batch = back.take();
  return front.take();
}

std::vector<Batch> partition_by_trace(Batch&& batch, uint32_t shards) {
  std::vector<Batch> out(std::max<uint32_t>(shards, 1));
  std::vector<uint32_t> counts(out.size(), 0);
  for (const SpanRecord& span : batch.spans) ++counts[shard_of(span.trace_id, shards)];
  for (uint32_t shard = 0; shard < counts.size(); ++shard) {
    if (counts[shard] != batch.spans.size()) continue;
    out[shard] = std::move(batch);
    return out;
  }
  std::vector<std::optional<Picker>> pickers(out.size());
  for (uint32_t shard = 0; shard < counts.size(); ++shard) {
    if (counts[shard] > 0) pickers[shard].emplace(batch, counts[shard]);
  }
  for (uint32_t i = 0; i < batch.spans.size(); ++i) pickers[shard_of(batch.spans[i].trace_id, shards)]->pick(i);
  const auto first =
      std::find_if(pickers.begin(), pickers.end(), [](const auto& picker) { return picker.has_value(); });
  (*first)->add_top_level();
  for (uint32_t shard = 0; shard < counts.size(); ++shard) {
    if (pickers[shard]) out[shard] = pickers[shard]->take();
  }
  return out;
}

}  // namespace weir::otlp
