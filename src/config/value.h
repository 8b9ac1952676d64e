// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace weir::config {

// Where something stands in the operator's input; line and column are 1-based, 0 = unknown. `source` is a file name, or
// "--set", "yaml:", "env:NAME".
struct Place {
  std::shared_ptr<const std::string> source;
  int line = 0;
  int column = 0;
  std::string to_string() const;  // "file:line:col", or the source alone where the line is unknown
};

// A node of the resolved configuration: after merging and ${…} expansion, with the place it came from. A value that
// came out of a reference keeps its text beside its YAML meaning, because a string field takes the text (${env:X} =
// 0123 stays "0123").
class Value {
 public:
  enum class Kind : uint8_t { kNull, kBool, kInt, kDouble, kString, kList, kMap };

  // Made in value.cpp: `map` holds values of this very type, which is complete only there.
  Value();
  Value(const Value& other);
  Value(Value&& other) noexcept;
  Value& operator=(const Value& other);
  Value& operator=(Value&& other) noexcept;
  ~Value();

  Kind kind = Kind::kNull;
  Place place;
  bool boolean = false;
  int64_t integer = 0;
  double real = 0;
  bool quoted = false;    // written in quotes: a string, whatever it looks like
  bool expanded = false;  // the whole value came out of one ${…}; `text` is what stood there, for lists and maps too
  bool broken = false;  // a reference that could not be resolved and was reported: decoding says nothing more about it
  std::string text;     // scalars: as written (after expansion)
  std::vector<Value> list;
  std::vector<std::pair<std::string, Value>> map;  // in order of first appearance; keys are unique
  std::vector<Place> key_places;                   // kMap: where each key stands

  bool is_null() const { return kind == Kind::kNull; }
  bool is_map() const { return kind == Kind::kMap; }
  bool is_list() const { return kind == Kind::kList; }
  const Value* find(std::string_view key) const;
  // "a map", "a list", "a number", …: what it is, for messages.
  std::string_view kind_name() const;
};

// One mistake, or one warning. `path` is joined by "::" as the collector writes it ("processors::batch::timeout").
struct Problem {
  bool warning = false;
  Place place;
  std::string path;
  std::string text;
  std::string to_string() const;  // "file:line:col: path: text"
};

// All that is wrong with a configuration; decoding goes on after a mistake so that one run shows them all.
class Problems {
 public:
  void error(const Place& place, std::string path, std::string text);
  void warn(const Place& place, std::string path, std::string text);
  bool any_error() const { return errors_ > 0; }
  bool any_error_at(std::string_view path) const;  // or below it
  const std::vector<Problem>& all() const { return all_; }

 private:
  std::vector<Problem> all_;
  int errors_ = 0;
};

// The candidate nearest to `word` by edit distance, or "" where none is near.
std::string nearest(std::string_view word, const std::vector<std::string>& candidates);

}  // namespace weir::config
