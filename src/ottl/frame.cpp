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
  std::string_view joined;
  for (uint32_t i = 0; i < count; ++i) {
    otlp::detail::for_each_payload(batch.view(part, batch.ranges[first_range + i]), field::resource_group::kResource,
                                   [&](std::string_view payload) {
                                     if (joined.empty()) {
                                       joined = payload;
                                       return;
                                     }
                                     char* both = arena.bytes(joined.size() + payload.size());
                                     std::copy(joined.begin(), joined.end(), both);
                                     std::copy(payload.begin(), payload.end(), both + joined.size());
                                     joined = {both, joined.size() + payload.size()};
                                   });
  }
  return joined;
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

void Frame::enter_part(std::string_view message, uint32_t attributes_field) {
  cache_ = {};
  levels_[3].start(message, attributes_field, message, arena_);
}

void Frame::fill_slots(LevelState& level, const KeyTable& table) {
  level.slots_filled = true;
  level.slots.assign(table.size(), {});
  if (level.edit.changed(level.attributes_field)) {
    const Map map = level.attributes();
    for (const Entry& entry : map) {
      const int slot = table.find(entry.key);
      if (slot < 0) continue;
      auto& to = level.slots[static_cast<size_t>(slot)];
      if (to.raw.data() != nullptr || to.made != nullptr) continue;
      if (entry.raw.empty()) {
        to.made = &entry.made;
      } else {
        to.raw = entry.raw;
      }
    }
    return;
  }
  otlp::detail::for_each_payload(level.attribute_bytes, level.attributes_field, [&](std::string_view raw) {
    std::string_view key, value;
    if (!otlp::wire::split_plain_attribute(raw, key, value)) key = otlp::attribute_key(raw);
    const int slot = table.find(key);
    if (slot < 0) return;
    auto& to = level.slots[static_cast<size_t>(slot)];
    if (to.raw.data() == nullptr) to.raw = raw;
  });
}

const LevelState::Slot& Frame::found(Level which, uint32_t slot) {
  LevelState& level = levels_[static_cast<size_t>(which)];
  if (!level.slots_filled) fill_slots(level, keys_[static_cast<size_t>(which)]);
  return level.slots[slot];
}

bool Frame::has_attribute(Level level, uint32_t slot) {
  const LevelState::Slot& there = found(level, slot);
  return there.made != nullptr || there.raw.data() != nullptr;
}

Value Frame::attribute(Level level, uint32_t slot) {
  const LevelState::Slot& there = found(level, slot);
  if (there.made != nullptr) return *there.made;
  if (there.raw.data() == nullptr) return {};
  return from_any_value(otlp::parse_attribute(there.raw).value, arena_);
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
