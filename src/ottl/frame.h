// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "otlp/metrics_reader.h"
#include "ottl/edit.h"
#include "ottl/value.h"
#include "weir/batch.h"

namespace weir::ottl {

// The record that statements run on.
enum class Context : uint8_t { kResource, kScope, kSpan, kSpanEvent, kMetric, kDataPoint, kLog };
std::string_view name_of(Context context);  // "resource", "scope", "span", …

// The messages that a record lies in, from outside in.
enum class Level : uint8_t { kResource, kScope, kItem, kPart };  // kPart: a span's event, a metric's data point
inline constexpr size_t kLevels = 4;
Level level_of(Context context);

// The attribute keys that a set of statements asks for by a constant, so that one walk over a record's attributes finds
// them all. Filled while statements are compiled.
class KeyTable {
 public:
  uint32_t slot_of(std::string_view key);
  size_t size() const { return keys_.size(); }
  // The slot of a key, or -1.
  int find(std::string_view key) const {
    for (int i = by_length_[key.size() % kLengths]; i >= 0; i = next_[static_cast<size_t>(i)]) {
      const std::string& known = keys_[static_cast<size_t>(i)];
      // Names of one length differ at their end more often than not.
      if (known.size() == key.size() && (key.empty() || known.back() == key.back()) && known == key) return i;
    }
    return -1;
  }

 private:
  static constexpr size_t kLengths = 64;
  std::vector<std::string> keys_;
  std::vector<int> next_;
  std::array<int, kLengths> by_length_ = [] {
    std::array<int, kLengths> none{};
    none.fill(-1);
    return none;
  }();
};
using KeyTables = std::array<KeyTable, kLevels>;

// Where one level's message stands. Its slots hold what a walk over its attributes found, decoded when it is asked for.
struct LevelState {
  struct Slot {
    enum class State : uint8_t { kAbsent, kRaw, kValue };
    State state = State::kAbsent;
    std::string_view raw;  // kRaw: an AnyValue message
    Value value;
  };
  MessageEdit edit;
  std::string_view attribute_bytes;  // unchanged attributes, as fields of `attributes_field`
  uint32_t attributes_field = 0;
  Arena* arena = nullptr;
  bool slots_filled = false;
  std::vector<Slot> slots;
  std::optional<std::string_view> schema_url;  // of a resource or scope: what it was changed to

  void start(std::string_view message, uint32_t attributes, std::string_view attribute_range, Arena& memory) {
    edit.start(message, attributes);
    attribute_bytes = attribute_range;
    attributes_field = attributes;
    arena = &memory;
    slots_filled = false;
    schema_url.reset();
  }
  bool changed() const { return edit.changed() || schema_url.has_value(); }
  Map attributes() { return edit.attributes(*arena); }
  void set_attributes(const Map& map) {
    edit.set_attributes(map);
    slots_filled = false;
  }
};

// What the data of a metric say beside their points.
struct MetricFacts {
  otlp::MetricType type = otlp::MetricType::kNone;
  uint64_t temporality = 0;
  bool monotonic = false;
  int64_t points = 0;
};

// One record under evaluation: where it stands in its batch, what was changed, and the memory for what is computed. One
// thread; reused for many records.
class Frame {
 public:
  explicit Frame(const KeyTables& keys) : keys_(keys) {}

  // Steps into a resource, a scope, an item. What was changed on a level before is forgotten: write it first.
  void enter_batch(const Batch& batch, Duration fallback_time);
  void enter_resource(uint32_t resource);
  void enter_scope(uint32_t scope);
  void enter_span(const SpanRecord& span);
  void enter_item(const ItemRecord& item);
  // An event of the span, or a data point of the metric; `index`: its place among them.
  void enter_part(std::string_view message, uint32_t attributes_field, size_t index);

  LevelState& level(Level level) { return levels_[static_cast<size_t>(level)]; }
  // A constant key's attribute on a level; nil where it is absent.
  Value attribute(Level which, uint32_t slot) {
    const LevelState& level = levels_[static_cast<size_t>(which)];
    if (level.slots_filled) {
      const LevelState::Slot& there = level.slots[slot];
      if (there.state == LevelState::Slot::State::kValue) return there.value;
      if (there.state == LevelState::Slot::State::kAbsent) return {};
    }
    return first_attribute(which, slot);
  }
  bool has_attribute(Level level, uint32_t slot);

  const Batch& batch() const { return *batch_; }
  uint32_t resource() const { return resource_; }
  uint32_t scope() const { return scope_; }
  const SpanRecord& span() const { return *span_; }
  const ItemRecord& item() const { return *item_; }
  size_t part_index() const { return part_index_; }
  std::optional<MetricFacts>& metric_facts() { return metric_facts_; }
  MessageEdit& message() { return levels_[static_cast<size_t>(Level::kItem)].edit; }

  Arena& arena() { return arena_; }
  uint64_t time_ns() const { return time_ns_; }
  // The next of the record's own random numbers: the same whenever the record is evaluated anew.
  uint64_t draw();

  Value cache() const { return cache_; }
  void set_cache(const Value& map) { cache_ = map; }

  // A failure ends the statement; the text is for the log.
  void fail(std::string_view what, std::string_view more = {}, std::string_view end = {});
  bool failed() const { return failed_; }
  std::string take_error();

 private:
  [[gnu::noinline]] Value first_attribute(Level level, uint32_t slot);
  LevelState::Slot& found(Level level, uint32_t slot);
  static void note(LevelState& level, int slot, std::string_view raw);
  void fill_slots(LevelState& level, const KeyTable& table);
  void start_item(uint32_t part, uint32_t number);

  const KeyTables& keys_;
  std::array<LevelState, kLevels> levels_;
  size_t part_index_ = 0;
  std::optional<MetricFacts> metric_facts_;
  Arena arena_;           // of the item under evaluation
  Arena resource_arena_;  // of the resource and its scope
  const Batch* batch_ = nullptr;
  uint32_t resource_ = 0;
  uint32_t scope_ = 0;
  const SpanRecord* span_ = nullptr;
  const ItemRecord* item_ = nullptr;
  uint64_t time_ns_ = 0;
  uint64_t seed_ = 0;
  uint64_t draws_ = 0;
  Value cache_;
  bool failed_ = false;
  std::string error_;
};

// The payload of field 1 (Resource, InstrumentationScope) of a header; occurrences that stand apart are joined.
std::string_view header_message(const Batch& batch, uint32_t part, uint32_t first_range, uint32_t count, Arena& arena);

}  // namespace weir::ottl
