// SPDX-License-Identifier: Apache-2.0
#include "config/value.h"

#include <algorithm>

namespace weir::config {

std::string Place::to_string() const {
  std::string text = source ? *source : std::string();
  if (line == 0) return text;
  text += (text.empty() ? "" : ":") + std::to_string(line);
  return column == 0 ? text : text + ":" + std::to_string(column);
}

Value::Value() = default;
Value::Value(const Value& other) = default;
Value::Value(Value&& other) noexcept = default;
Value& Value::operator=(const Value& other) = default;
Value& Value::operator=(Value&& other) noexcept = default;
Value::~Value() = default;

const Value* Value::find(std::string_view key) const {
  for (const auto& [name, value] : map) {
    if (name == key) return &value;
  }
  return nullptr;
}

std::string_view Value::kind_name() const {
  switch (kind) {
    case Kind::kNull:
      return "nothing";
    case Kind::kBool:
      return "a boolean";
    case Kind::kInt:
      return "an integer";
    case Kind::kDouble:
      return "a number";
    case Kind::kString:
      return "a string";
    case Kind::kList:
      return "a list";
    case Kind::kMap:
      return "a map";
  }
  return "";
}

std::string Problem::to_string() const {
  std::string out = place.to_string();
  if (!out.empty()) out += ": ";
  if (warning) out += "warning: ";
  if (!path.empty()) out += path + ": ";
  return out + text;
}

void Problems::error(const Place& place, std::string path, std::string text) {
  all_.push_back({false, place, std::move(path), std::move(text)});
  ++errors_;
}

bool Problems::any_error_at(std::string_view path) const {
  return std::any_of(all_.begin(), all_.end(), [path](const Problem& problem) {
    const std::string_view at(problem.path);
    return !problem.warning && at.starts_with(path) && (at.size() == path.size() || at.substr(path.size(), 2) == "::");
  });
}

void Problems::warn(const Place& place, std::string path, std::string text) {
  all_.push_back({true, place, std::move(path), std::move(text)});
}

namespace {

// Optimal string alignment: insertions, deletions, changes and swaps of neighbours, each of cost 1.
size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<size_t> before(b.size() + 1), above(b.size() + 1), row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) above[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, above[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)});
      bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) row[j] = std::min(row[j], before[j - 2] + 1);
    }
    before.swap(above);
    above.swap(row);
  }
  return above[b.size()];
}

}  // namespace

std::string nearest(std::string_view word, const std::vector<std::string>& candidates) {
  constexpr size_t kLongestWord = 100;  // what is longer is no slip of the hand
  if (word.size() > kLongestWord) return "";
  std::string best;
  size_t best_distance = std::max<size_t>(1, word.size() / 3) + 1;
  for (const std::string& candidate : candidates) {
    size_t distance = edit_distance(word, candidate);
    if (distance >= best_distance || distance >= candidate.size()) continue;
    best = candidate;
    best_distance = distance;
  }
  return best;
}

}  // namespace weir::config
