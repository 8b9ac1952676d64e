// SPDX-License-Identifier: Apache-2.0
#include "ottl/frame.h"

#include "otlp/fields.h"

namespace weir::ottl {

namespace field = otlp::field;

std::string_view name_of(Context context) {
  static constexpr std::string_view kNames[] = {"resource", "scope", "span", "spanevent", "metric", "datapoint", "log"};
  return kNames[static_cast<int>(context)];
}

Level level_of(Context context) {
  static constexpr Level kOf[] = {Level::kResource, Level::kScope, Level::kItem, Level::kPart,
                                  Level::kItem,     Level::kPart,  Level::kItem};
  return kOf[static_cast<int>(context)];
}

uint32_t KeyTable::slot_of(std::string_view key) {
  if (const int known = find(key); known >= 0) return static_cast<uint32_t>(known);
  keys_.emplace_back(key);
  next_.push_back(by_length_[key.size() % kLengths]);
  by_length_[key.size() % kLengths] = static_cast<int>(keys_.size() - 1);
  return static_cast<uint32_t>(keys_.size() - 1);
}

std::string_view header_message(const Batch& batch, uint32_t part, uint32_t first_range, uint32_t count, Arena& arena) {
  JoinedText joined(arena);
  for (uint32_t i = 0; i < count; ++i) {
    otlp::detail::for_each_payload(batch.view(part, batch.ranges[first_range + i]), field::resource_group::kResource,
                                   [&joined](std::string_view payload) { joined.add(payload); });
  }
  return joined.text();
}

void Frame::enter_batch(const Batch& batch, Duration fallback_time) {
  batch_ = &batch;
  const Duration time = batch.context ? batch.context->received.wall : fallback_time;
  time_ns_ = static_cast<uint64_t>(time.count());
  seed_ = batch.parts.empty() ? 0 : batch.parts[0].sequence;
  draws_ = 0;
}

void Frame::enter_resource(uint32_t resource) {
  resource_ = resource;
  resource_arena_.reset();
  arena_.reset();
  cache_ = {};
  const ResourceEntry& entry = batch_->resources[resource];
  const auto message = header_message(*batch_, entry.part, entry.first_range, entry.range_count, resource_arena_);
  levels_[0].start(message, field::resource::kAttributes, message, resource_arena_);
  seed_ = mix64(batch_->parts[entry.part].sequence ^ mix64(resource));
  draws_ = 0;
}

void Frame::enter_scope(uint32_t scope) {
  scope_ = scope;
  arena_.reset();
  cache_ = {};
  const ScopeEntry& entry = batch_->scopes[scope];
  const auto message = header_message(*batch_, entry.part, entry.first_range, entry.range_count, resource_arena_);
  levels_[1].start(message, field::scope::kAttributes, message, resource_arena_);
  seed_ = mix64(batch_->parts[entry.part].sequence ^ mix64(uint64_t{scope} << 32));
  draws_ = 0;
}

void Frame::start_item(uint32_t part, uint32_t number) {
  arena_.reset();
  cache_ = {};
  metric_facts_.reset();
  seed_ = batch_->parts[part].sequence * 0x9e3779b97f4a7c15ULL + number;
  draws_ = 0;
}

void Frame::enter_span(const SpanRecord& span) {
  start_item(span.part, span.item);
  span_ = &span;
  levels_[2].start(batch_->body(span), field::span::kAttributes, otlp::attribute_bytes(*batch_, span), arena_);
}

void Frame::enter_item(const ItemRecord& item) {
  start_item(item.part, item.item);
  item_ = &item;
  const std::string_view body = batch_->view(item.part, item.body);
  const bool log = batch_->signal == Signal::kLogs;
  levels_[2].start(body, log ? field::log_record::kAttributes : field::metric::kMetadata, body, arena_);
}

void Frame::enter_part(std::string_view message, uint32_t attributes_field, size_t index) {
  part_index_ = index;
  cache_ = {};
  levels_[3].start(message, attributes_field, message, arena_);
}

// `raw`: a KeyValue message. Of keys that are there twice the first counts.
void Frame::note(LevelState& level, int slot, std::string_view raw) {
  LevelState::Slot& to = level.slots[static_cast<size_t>(slot)];
  if (to.state != LevelState::Slot::State::kAbsent) return;
  std::string_view key, value;
  if (otlp::wire::split_plain_attribute(raw, key, value)) {
    to.state = LevelState::Slot::State::kRaw;
    to.raw = value;
  } else {
    to.state = LevelState::Slot::State::kValue;
    to.value = from_any_value(otlp::parse_attribute(raw).value, *level.arena);
  }
}

void Frame::fill_slots(LevelState& level, const KeyTable& table) {
  level.slots_filled = true;
  level.slots.resize(table.size());
  for (LevelState::Slot& slot : level.slots) slot.state = LevelState::Slot::State::kAbsent;
  if (level.edit.changed(level.attributes_field)) {
    for (const Entry& entry : level.attributes()) {
      const int slot = table.find(entry.key);
      if (slot < 0) continue;
      LevelState::Slot& to = level.slots[static_cast<size_t>(slot)];
      if (!entry.raw.empty()) {
        note(level, slot, entry.raw);
      } else if (to.state == LevelState::Slot::State::kAbsent) {
        to.state = LevelState::Slot::State::kValue;
        to.value = entry.made;
      }
    }
    return;
  }
  otlp::detail::for_each_payload(level.attribute_bytes, level.attributes_field, [&](std::string_view raw) {
    std::string_view key, value;
    const bool plain = otlp::wire::split_plain_attribute(raw, key, value);
    if (!plain) key = otlp::attribute_key(raw);
    const int slot = table.find(key);
    if (slot < 0) return;
    if (!plain) return note(level, slot, raw);
    LevelState::Slot& to = level.slots[static_cast<size_t>(slot)];
    if (to.state != LevelState::Slot::State::kAbsent) return;
    to.state = LevelState::Slot::State::kRaw;
    to.raw = value;
  });
}

LevelState::Slot& Frame::found(Level which, uint32_t slot) {
  LevelState& level = levels_[static_cast<size_t>(which)];
  if (!level.slots_filled) fill_slots(level, keys_[static_cast<size_t>(which)]);
  return level.slots[slot];
}

bool Frame::has_attribute(Level level, uint32_t slot) {
  return found(level, slot).state != LevelState::Slot::State::kAbsent;
}

// Finds all slots of the level, or decodes this one.
Value Frame::first_attribute(Level level, uint32_t slot) {
  LevelState::Slot& there = found(level, slot);
  if (there.state == LevelState::Slot::State::kAbsent) return {};
  if (there.state == LevelState::Slot::State::kRaw) {
    there.state = LevelState::Slot::State::kValue;
    there.value = from_any_value_message(there.raw, *levels_[static_cast<size_t>(level)].arena);
  }
  return there.value;
}

uint64_t Frame::draw() { return mix64(seed_ ^ mix64(++draws_ * 0x9e3779b97f4a7c15ULL)); }

void Frame::fail(std::string_view what, std::string_view more, std::string_view end) {
  if (failed_) return;
  failed_ = true;
  error_.assign(what);
  error_.append(more).append(end);
}

std::string Frame::take_error() {
  failed_ = false;
  return std::move(error_);
}

}  // namespace weir::ottl
