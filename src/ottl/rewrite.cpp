// SPDX-License-Identifier: Apache-2.0
#include "ottl/rewrite.h"

#include <algorithm>

#include "otlp/fields.h"
#include "otlp/span_reader.h"

namespace weir::ottl {

namespace field = otlp::field;

namespace {

constexpr size_t kMostSpare = size_t{4} << 20;  // of memory kept for the next batch

}  // namespace

void Rewriter::start(Batch& batch) {
  batch_ = &batch;
  outputs_.clear();
}

Rewriter::Output& Rewriter::output_of(uint32_t part) {
  // Bytes that this rewriter wrote may change once more.
  for (Output& output : outputs_) {
    if (output.old_part == part || output.new_part == part) return output;
  }
  const Part& old = batch_->parts[part];
  Part made{BufferRef(), old.origin, old.sequence, old.destination, true};
  outputs_.push_back({part, static_cast<uint32_t>(batch_->parts.size()), std::move(spare_)});
  spare_.clear();
  batch_->parts.push_back(std::move(made));
  batch_->whole = false;
  return outputs_.back();
}

Range Rewriter::append(Output& output, const MessageEdit& edit) {
  const auto offset = static_cast<uint32_t>(output.bytes.size());
  edit.write(writer_);
  writer_.append_to(output.bytes);
  return {offset, static_cast<uint32_t>(output.bytes.size()) - offset};
}

// Where only plain numbers are changed, what the record says of the rest still holds.
bool Rewriter::patch(SpanRecord& span, const MessageEdit& edit) {
  constexpr uint64_t kKind = uint64_t{1} << field::span::kKind, kStart = uint64_t{1} << field::span::kStartTime,
                     kEnd = uint64_t{1} << field::span::kEndTime, kFlags = uint64_t{1} << field::span::kFlags;
  if (!edit.changed_only(kKind | kStart | kEnd | kFlags)) return false;
  const uint64_t kind =
      edit.changed(field::span::kKind) ? edit.number(field::span::kKind).value_or(0) : static_cast<uint64_t>(span.kind);
  if (kind > static_cast<uint64_t>(SpanKind::kConsumer)) return false;
  Output& output = output_of(span.part);
  const auto offset = static_cast<uint32_t>(output.bytes.size());
  Range moved[] = {{span.name.offset - span.body.offset, span.name.length},
                   {span.attributes.offset - span.body.offset, span.attributes.length}};
  if (!edit.write_moving(output.bytes, moved)) {
    output.bytes.resize(offset);
    return false;
  }
  if (span.name.length > 0) span.name.offset = moved[0].offset + offset;
  if (span.attributes.length > 0) span.attributes.offset = moved[1].offset + offset;
  span.body = {offset, static_cast<uint32_t>(output.bytes.size()) - offset};
  span.part = output.new_part;
  span.kind = static_cast<SpanKind>(kind);
  if (edit.changed(field::span::kStartTime)) span.start_ns = edit.number(field::span::kStartTime).value_or(0);
  if (edit.changed(field::span::kEndTime)) span.end_ns = edit.number(field::span::kEndTime).value_or(0);
  return true;
}

void Rewriter::span(SpanRecord& span, const MessageEdit& edit) {
  if (patch(span, edit)) return;
  Output& output = output_of(span.part);
  const Range body = append(output, edit);
  const uint32_t scope = span.scope;
  const uint32_t item = span.item;
  SpanRecord fresh;
  otlp::read_span(std::string_view(output.bytes).substr(body.offset, body.length), output.bytes.data(), fresh);
  span = fresh;
  span.body = body;
  span.part = output.new_part;
  span.scope = scope;
  span.item = item;
}

void Rewriter::item(ItemRecord& item, const MessageEdit& edit) {
  Output& output = output_of(item.part);
  item.body = append(output, edit);
  item.part = output.new_part;
}

// The new header is one range: all fields of the old one, with the changed message in place of its first occurrence.
template <class Entry>
void Rewriter::header(Entry& entry, const LevelState& level) {
  std::string old;
  for (uint32_t i = 0; i < entry.range_count; ++i) {
    old += batch_->view(entry.part, batch_->ranges[entry.first_range + i]);
  }
  MessageEdit edit;
  edit.start(old, 0);
  std::string inner;
  if (level.edit.changed()) {
    otlp::MessageWriter writer;
    level.edit.write(writer);
    inner = writer.take();
    edit.put_bytes(field::resource_group::kResource, inner);
  }
  if (level.schema_url) edit.put_bytes(field::resource_group::kSchemaUrl, *level.schema_url);
  Output& output = output_of(entry.part);
  const Range range = append(output, edit);
  entry.part = output.new_part;
  entry.first_range = static_cast<uint32_t>(batch_->ranges.size());
  entry.range_count = 1;
  batch_->ranges.push_back(range);
}

void Rewriter::resource(uint32_t index, const LevelState& level) { header(batch_->resources[index], level); }
void Rewriter::scope(uint32_t index, const LevelState& level) { header(batch_->scopes[index], level); }

// Copies what headers still lie in the old part.
template <class Entry>
void Rewriter::move_headers(std::vector<Entry>& entries, Output& output) {
  for (Entry& entry : entries) {
    if (entry.part != output.old_part) continue;
    for (uint32_t i = 0; i < entry.range_count; ++i) {
      Range& range = batch_->ranges[entry.first_range + i];
      const std::string_view bytes = batch_->view(output.old_part, range);
      range.offset = static_cast<uint32_t>(output.bytes.size());
      output.bytes += bytes;
    }
    entry.part = output.new_part;
  }
}

// Where no record lies in the old bytes any more, the rest moves too, and they can be let go.
void Rewriter::empty_old_part(Output& output) {
  const auto lies_there = [&output](const auto& record) { return record.part == output.old_part; };
  if (std::any_of(batch_->spans.begin(), batch_->spans.end(), lies_there)) return;
  if (std::any_of(batch_->items.begin(), batch_->items.end(), lies_there)) return;
  move_headers(batch_->resources, output);
  move_headers(batch_->scopes, output);
  for (auto& [part, range] : batch_->top_level) {
    if (part != output.old_part) continue;
    const std::string_view bytes = batch_->view(part, range);
    range.offset = static_cast<uint32_t>(output.bytes.size());
    output.bytes += bytes;
    part = output.new_part;
  }
}

void Rewriter::drop_unused_parts() {
  std::vector<bool> used(batch_->parts.size(), false);
  const auto use = [&used](const auto& record) { used[record.part] = true; };
  std::for_each(batch_->spans.begin(), batch_->spans.end(), use);
  std::for_each(batch_->items.begin(), batch_->items.end(), use);
  std::for_each(batch_->resources.begin(), batch_->resources.end(), use);
  std::for_each(batch_->scopes.begin(), batch_->scopes.end(), use);
  for (const auto& [part, range] : batch_->top_level) used[part] = true;
  std::vector<uint32_t> moved(batch_->parts.size(), 0);
  uint32_t count = 0;
  for (uint32_t i = 0; i < batch_->parts.size(); ++i) {
    if (!used[i]) continue;
    moved[i] = count;
    if (count != i) batch_->parts[count] = std::move(batch_->parts[i]);
    ++count;
  }
  if (count == batch_->parts.size()) return;
  batch_->parts.resize(count);
  const auto move = [&moved](auto& record) { record.part = moved[record.part]; };
  std::for_each(batch_->spans.begin(), batch_->spans.end(), move);
  std::for_each(batch_->items.begin(), batch_->items.end(), move);
  std::for_each(batch_->resources.begin(), batch_->resources.end(), move);
  std::for_each(batch_->scopes.begin(), batch_->scopes.end(), move);
  for (auto& [part, range] : batch_->top_level) part = moved[part];
}

void Rewriter::finish(ByteBudget* budget) {
  if (outputs_.empty()) return;
  for (Output& output : outputs_) {
    empty_old_part(output);
    Reservation paid = budget == nullptr ? Reservation() : Reservation::take(*budget, output.bytes.size());
    batch_->parts[output.new_part].bytes = BufferRef::copy_of(output.bytes, std::move(paid));
  }
  drop_unused_parts();
  spare_ = std::move(outputs_[0].bytes);
  if (spare_.capacity() > kMostSpare) spare_ = {};
  spare_.clear();
  outputs_.clear();
}

}  // namespace weir::ottl
