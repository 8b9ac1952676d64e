// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "absl/container/inlined_vector.h"
#include "otlp/wire.h"
#include "ottl/value.h"
#include "weir/bytes.h"

namespace weir::ottl {

// One protobuf message while its fields are changed. Nothing is decoded but what is asked for, and what is not changed
// stays byte for byte, unknown fields included. A change to what is there already is none. Views that are given must
// live until the message is written.
class MessageEdit {
 public:
  // `attributes`: the number of its repeated KeyValue field.
  void start(std::string_view original, uint32_t attributes) {
    original_ = original;
    attributes_field_ = attributes;
    changes_.clear();
    changed_ = 0;
    has_map_ = false;
    questions_ = 0;
  }
  std::string_view original() const { return original_; }
  bool changed() const { return !changes_.empty(); }
  bool changed(uint32_t field) const { return (changed_ >> (field & 63) & 1) != 0 && find(field) != nullptr; }
  // Whether nothing but these fields was changed (bit n: field n).
  bool changed_only(uint64_t fields) const { return (changed_ & ~fields) == 0; }

  // A singular field as it is now: the raw number (varint, fixed), or the payload. Nothing where it is absent.
  std::optional<uint64_t> number(uint32_t field) const;
  std::optional<std::string_view> bytes(uint32_t field) const;
  // A nested singular message; occurrences that stand apart are joined, as protobuf has it.
  std::string_view nested(uint32_t field, Arena& arena) const;
  size_t count(uint32_t field) const;  // occurrences of a repeated message

  // The plain default (0, "") means absent and is not written where nothing was.
  void set_number(uint32_t field, otlp::WireType type, uint64_t value);
  void set_bytes(uint32_t field, std::string_view value);
  // A field that is told apart from its absence (optional, oneof): written even where it is the default.
  void put_number(uint32_t field, otlp::WireType type, uint64_t value);
  void put_bytes(uint32_t field, std::string_view value);
  void clear(uint32_t field);
  // All occurrences of a repeated message.
  void replace_all(uint32_t field, std::span<const std::string_view> messages);

  // As they are now. Lives as long as the arena.
  Map attributes(Arena& arena);
  void set_attributes(const Map& map);

  void write(otlp::MessageWriter& out) const;
  // Appends the message where only numbers and payloads were changed, and puts `moved` ranges where they now lie, both
  // counted from the message's start. False where something inside of a range was changed: ranges then mean nothing.
  bool write_moving(std::string& out, std::span<Range> moved) const;

 private:
  static constexpr uint32_t kMoved = 1U << 31;  // of an offset, while a message is written: it is the new one
  struct Change {
    enum class Kind : uint8_t { kNumber, kBytes, kAbsent, kMany, kMap };
    Kind kind = Kind::kAbsent;
    otlp::WireType type = otlp::WireType::kVarint;
    uint32_t field = 0;
    uint64_t value = 0;
    std::string_view bytes = {};
    std::span<const std::string_view> many = {};
  };
  // What the original holds of a field.
  struct Holding {
    size_t messages = 0;  // or other payloads
    std::optional<uint64_t> number;
    std::optional<std::string_view> bytes;
    std::optional<std::string_view> joined;  // once it was asked for
  };
  static constexpr uint32_t kQuestions = 16, kFields = 32;
  // Null for the first questions, which look for themselves: most messages are asked few.
  Holding* holding(uint32_t field) const;

  const Change* find(uint32_t field) const {
    for (const Change& change : changes_) {
      if (change.field == field) return &change;
    }
    return nullptr;
  }
  Change& change(uint32_t field);
  void write_change(const Change& change, otlp::MessageWriter& out) const;
  void append_change(const Change& change, std::string& out) const;

  std::string_view original_;
  uint32_t attributes_field_ = 0;
  uint64_t changed_ = 0;  // bit n: a field of number n, or n + 64 and so on, was changed
  bool has_map_ = false;
  mutable uint32_t questions_ = 0;
  mutable std::unique_ptr<std::array<Holding, kFields>> holdings_;  // by field; filled at question kQuestions
  Map map_;                                                         // attributes, once they were asked for
  absl::InlinedVector<Change, 4> changes_;
};

// The last occurrence of a field in a message.
std::optional<uint64_t> last_number(std::string_view message, uint32_t field);
std::optional<std::string_view> last_bytes(std::string_view message, uint32_t field);

}  // namespace weir::ottl
