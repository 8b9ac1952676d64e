// SPDX-License-Identifier: Apache-2.0
#include "processors/tail_sampling/emitter.h"

#include <algorithm>
#include <utility>

#include "otlp/span_reader.h"

namespace weir {

BufferRef bytes_of(const Part& part, const ReadBack& read_back) {
  if (part.bytes) return part.bytes;
  const auto found = read_back.find(part.stored_as());
  if (found != read_back.end()) return found->second;
  return part.spilled ? part.spilled->in_memory() : BufferRef();
}

void Emitter::add_trace(uint32_t first_span) {
  for (uint32_t i = first_span; i != kNone; i = table_.span(i).next) add_span(i);
}

void Emitter::add_span(uint32_t span) {
  const HeldSpan& held = table_.span(span);
  picks_.push_back({table_.run(held.run).number, held.scope, span});
}

void Emitter::send() {
  if (picks_.empty()) return;
  std::stable_sort(picks_.begin(), picks_.end(), [](const Pick& a, const Pick& b) {
    return std::pair(a.run_number, a.scope) < std::pair(b.run_number, b.scope);
  });
  out_.spans.reserve(picks_.size());
  for (const Pick& pick : picks_) {
    const HeldSpan held = table_.span(pick.span);
    const Run& run = table_.run(held.run);
    if (run.number != run_number_) start_run(run);
    if (held.scope != scope_) start_scope(run.tables, held.scope);
    copy_span(run.tables, held);
    table_.release_span(pick.span);
  }
  picks_.clear();
  run_number_ = UINT64_MAX;
  next_.consume(std::exchange(out_, Batch{}));
}

void Emitter::start_run(const Run& run) {
  run_number_ = run.number;
  resource_ = scope_ = kNone;
  parts_.assign(run.tables.parts.size(), kNone);
}

void Emitter::start_scope(const Batch& from, uint32_t scope) {
  const ScopeEntry& entry = from.scopes[scope];
  if (entry.resource != resource_) {
    const ResourceEntry& resource = from.resources[entry.resource];
    out_.resources.push_back({part_for(from, resource.part),
                              copy_ranges(from, resource.first_range, resource.range_count), resource.range_count});
    resource_ = entry.resource;
  }
  const auto new_resource = static_cast<uint32_t>(out_.resources.size() - 1);
  out_.scopes.push_back({new_resource, part_for(from, entry.part),
                         copy_ranges(from, entry.first_range, entry.range_count), entry.range_count});
  scope_ = scope;
}

void Emitter::copy_span(const Batch& from, const HeldSpan& held) {
  SpanRecord& record = out_.spans.emplace_back();
  record.part = part_for(from, held.part);
  const Buffer& bytes = *out_.parts[record.part].bytes;
  otlp::read_span(bytes.view(held.body), bytes.data(), record);  // was well-formed when it came
  record.body = held.body;
  record.item = held.item;
  record.scope = static_cast<uint32_t>(out_.scopes.size() - 1);
}

uint32_t Emitter::part_for(const Batch& from, uint32_t part) {
  if (parts_[part] == kNone) {
    parts_[part] = static_cast<uint32_t>(out_.parts.size());
    Part& copy = out_.parts.emplace_back(from.parts[part]);
    copy.bytes = bytes_of(copy, read_back_);
    copy.spilled.reset();
  }
  return parts_[part];
}

uint32_t Emitter::copy_ranges(const Batch& from, uint32_t first, uint32_t count) {
  const auto at = static_cast<uint32_t>(out_.ranges.size());
  out_.ranges.insert(out_.ranges.end(), from.ranges.begin() + first, from.ranges.begin() + first + count);
  return at;
}

}  // namespace weir
