// SPDX-License-Identifier: Apache-2.0
#include "ottl/edit.h"

#include <cstring>

namespace weir::ottl {

using otlp::FieldCursor;
using otlp::WireType;

std::optional<uint64_t> last_number(std::string_view message, uint32_t field) {
  std::optional<uint64_t> result;
  FieldCursor cursor(message);
  while (cursor.next()) {
    if (cursor.number() == field && cursor.type() != WireType::kBytes) result = cursor.value();
  }
  return result;
}

std::optional<std::string_view> last_bytes(std::string_view message, uint32_t field) {
  std::optional<std::string_view> result;
  FieldCursor cursor(message);
  while (cursor.next()) {
    if (cursor.is(field, WireType::kBytes)) result = cursor.bytes();
  }
  return result;
}

// A message that is asked for each of its many parts is not looked through each time.
MessageEdit::Holding* MessageEdit::holding(uint32_t field) const {
  if (field >= kFields || (questions_ < kQuestions && ++questions_ < kQuestions)) return nullptr;
  if (questions_ == kQuestions) {
    ++questions_;
    if (!holdings_) holdings_ = std::make_unique<std::array<Holding, kFields>>();
    holdings_->fill({});
    FieldCursor cursor(original_);
    while (cursor.next()) {
      if (cursor.number() >= kFields) continue;
      Holding& of = (*holdings_)[cursor.number()];
      if (cursor.type() == WireType::kBytes) {
        ++of.messages;
        of.bytes = cursor.bytes();
      } else {
        of.number = cursor.value();
      }
    }
  }
  return &(*holdings_)[field];
}

std::optional<uint64_t> MessageEdit::number(uint32_t field) const {
  if (const Change* change = changed(field) ? find(field) : nullptr) {
    if (change->kind == Change::Kind::kAbsent) return std::nullopt;
    return change->value;
  }
  const Holding* known = holding(field);
  return known != nullptr ? known->number : last_number(original_, field);
}

std::optional<std::string_view> MessageEdit::bytes(uint32_t field) const {
  if (const Change* change = find(field)) {
    if (change->kind == Change::Kind::kAbsent) return std::nullopt;
    return change->bytes;
  }
  const Holding* known = holding(field);
  return known != nullptr ? known->bytes : last_bytes(original_, field);
}

std::string_view MessageEdit::nested(uint32_t field, Arena& arena) const {
  if (const Change* change = find(field)) return change->bytes;
  Holding* known = holding(field);
  if (known != nullptr && known->joined) return *known->joined;
  JoinedText joined(arena);
  FieldCursor cursor(original_);
  while (cursor.next()) {
    if (cursor.is(field, WireType::kBytes)) joined.add(cursor.bytes());
  }
  if (known != nullptr) known->joined = joined.text();
  return joined.text();
}

size_t MessageEdit::count(uint32_t field) const {
  if (const Change* change = find(field)) return change->many.size();
  if (const Holding* known = holding(field)) return known->messages;
  size_t count = 0;
  FieldCursor cursor(original_);
  while (cursor.next()) count += cursor.is(field, WireType::kBytes) ? 1 : 0;
  return count;
}

MessageEdit::Change& MessageEdit::change(uint32_t field) {
  for (Change& change : changes_) {
    if (change.field == field) return change;
  }
  changed_ |= uint64_t{1} << (field & 63);
  changes_.emplace_back();
  changes_.back().field = field;
  return changes_.back();
}

void MessageEdit::set_number(uint32_t field, WireType type, uint64_t value) {
  if (number(field).value_or(0) != value) put_number(field, type, value);
}

void MessageEdit::set_bytes(uint32_t field, std::string_view value) {
  if (bytes(field).value_or(std::string_view()) != value) put_bytes(field, value);
}

void MessageEdit::put_number(uint32_t field, WireType type, uint64_t value) {
  Change& to = change(field);
  to.kind = Change::Kind::kNumber;
  to.type = type;
  to.value = value;
}

void MessageEdit::put_bytes(uint32_t field, std::string_view value) {
  Change& to = change(field);
  to.kind = Change::Kind::kBytes;
  to.bytes = value;
}

void MessageEdit::clear(uint32_t field) {
  Change& to = change(field);
  to.kind = Change::Kind::kAbsent;
  to.value = 0;
  to.bytes = {};
}

void MessageEdit::replace_all(uint32_t field, std::span<const std::string_view> messages) {
  Change& to = change(field);
  to.kind = Change::Kind::kMany;
  to.many = messages;
}

Map MessageEdit::attributes(Arena& arena) {
  if (!has_map_) map_ = read_map(original_, attributes_field_, arena);
  has_map_ = true;
  return map_;
}

void MessageEdit::set_attributes(const Map& map) {
  change(attributes_field_).kind = Change::Kind::kMap;
  map_ = map;
  has_map_ = true;
}

void MessageEdit::write_change(const Change& change, otlp::MessageWriter& out) const {
  switch (change.kind) {
    case Change::Kind::kAbsent:
      return;
    case Change::Kind::kBytes:
      return out.bytes(change.field, change.bytes);
    case Change::Kind::kMany:
      for (std::string_view message : change.many) out.bytes(change.field, message);
      return;
    case Change::Kind::kMap:
      return write_map(map_, change.field, out);
    case Change::Kind::kNumber:
      break;
  }
  if (change.type == WireType::kVarint) return out.varint(change.field, change.value);
  if (change.type == WireType::kFixed64) return out.fixed64(change.field, change.value);
  out.fixed32(change.field, static_cast<uint32_t>(change.value));
}

// A changed field stands where its first occurrence stood, or at the end.
void MessageEdit::write(otlp::MessageWriter& out) const {
  uint64_t written = 0;  // bit i: changes_[i]
  const char* from = original_.data();
  FieldCursor cursor(original_);
  while (cursor.next()) {
    if (!changed(cursor.number())) continue;
    const Change* change = find(cursor.number());
    const std::string_view raw = cursor.raw();
    out.raw({from, static_cast<size_t>(raw.data() - from)});
    from = raw.data() + raw.size();
    const uint64_t bit = uint64_t{1} << (change - changes_.data());
    if ((written & bit) == 0) write_change(*change, out);
    written |= bit;
  }
  out.raw({from, static_cast<size_t>(original_.data() + original_.size() - from)});
  for (size_t i = 0; i < changes_.size(); ++i) {
    if ((written >> i & 1) == 0) write_change(changes_[i], out);
  }
}

namespace {

void append_tag(uint32_t field, WireType type, std::string& out) {
  char tag[10];
  out.append(tag, otlp::write_varint(tag, uint64_t{field} << 3 | static_cast<uint64_t>(type)));
}

}  // namespace

void MessageEdit::append_change(const Change& change, std::string& out) const {
  char number[10];
  switch (change.kind) {
    case Change::Kind::kBytes:
      append_tag(change.field, WireType::kBytes, out);
      out.append(number, otlp::write_varint(number, change.bytes.size())).append(change.bytes);
      return;
    case Change::Kind::kNumber:
      append_tag(change.field, change.type, out);
      if (change.type == WireType::kVarint) {
        out.append(number, otlp::write_varint(number, change.value));
      } else {
        std::memcpy(number, &change.value, 8);
        out.append(number, change.type == WireType::kFixed64 ? 8 : 4);
      }
      return;
    default:
      return;
  }
}

bool MessageEdit::write_moving(std::string& out, std::span<Range> moved) const {
  const size_t start = out.size();
  const std::string_view original = original_;
  size_t copied = 0;
  uint64_t written = 0;
  bool whole = true;
  // Ranges that begin in [copied, to) move with what is copied.
  const auto copy_until = [&](size_t to) {
    const auto shift = static_cast<int64_t>(out.size() - start) - static_cast<int64_t>(copied);
    out.append(original.substr(copied, to - copied));
    for (Range& range : moved) {
      if (range.length == 0 || range.offset < copied || range.offset >= to || range.offset & kMoved) continue;
      whole = whole && range.offset + range.length <= to;
      range.offset = static_cast<uint32_t>(range.offset + shift) | kMoved;
    }
  };
  FieldCursor cursor(original);
  while (cursor.next()) {
    if (!changed(cursor.number())) continue;
    const Change* change = find(cursor.number());
    copy_until(static_cast<size_t>(cursor.raw().data() - original.data()));
    copied = static_cast<size_t>(cursor.raw().data() + cursor.raw().size() - original.data());
    const uint64_t bit = uint64_t{1} << (change - changes_.data());
    if ((written & bit) == 0) append_change(*change, out);
    written |= bit;
  }
  copy_until(original.size());
  for (Range& range : moved) range.offset &= ~kMoved;
  for (size_t i = 0; i < changes_.size(); ++i) {
    if ((written >> i & 1) == 0) append_change(changes_[i], out);
  }
  return whole;
}

}  // namespace weir::ottl
