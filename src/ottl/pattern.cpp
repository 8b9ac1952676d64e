// SPDX-License-Identifier: Apache-2.0
#include "ottl/pattern.h"

#include <re2/re2.h>

#include <algorithm>
#include <cctype>
#include <cstring>

namespace weir::ottl {

struct Pattern::Compiled {
  explicit Compiled(std::string_view expression)
      : regex(re2::StringPiece(expression.data(), expression.size()), RE2::Quiet) {}
  RE2 regex;
};

Pattern::~Pattern() = default;

namespace {

// The text that a pattern without operators stands for; false where it has any.
bool unescape_plain(std::string_view expression, std::string& out) {
  static constexpr std::string_view kOperators = "\\.+*?()|[]{}^$";
  for (size_t i = 0; i < expression.size(); ++i) {
    if (expression[i] == '\\') {
      if (++i == expression.size() || std::isalnum(static_cast<unsigned char>(expression[i])) != 0) return false;
    } else if (kOperators.find(expression[i]) != std::string_view::npos) {
      return false;
    }
    // A pattern of more than ASCII is left to the library: it minds characters, not bytes.
    if (static_cast<unsigned char>(expression[i]) >= 0x80) return false;
    out += expression[i];
  }
  return true;
}

bool ends_escaped(std::string_view text) {
  size_t slashes = 0;
  while (slashes < text.size() && text[text.size() - 1 - slashes] == '\\') ++slashes;
  return slashes % 2 == 1;
}

}  // namespace

std::shared_ptr<const Pattern> Pattern::compile(std::string_view expression, std::string& error) {
  std::shared_ptr<Pattern> result(new Pattern());
  result->compiled_ = std::make_unique<Compiled>(expression);
  const RE2& regex = result->compiled_->regex;
  if (!regex.ok()) {
    error = regex.error();
    return nullptr;
  }
  result->names_.resize(static_cast<size_t>(regex.NumberOfCapturingGroups()) + 1);
  for (const auto& [index, name] : regex.CapturingGroupNames()) result->names_[static_cast<size_t>(index)] = name;
  result->find_plain(expression);
  return result;
}

void Pattern::find_plain(std::string_view expression) {
  bool from_start = false;
  bool to_end = false;
  if (expression.starts_with("^")) {
    from_start = true;
    expression.remove_prefix(1);
  } else {
    while (expression.starts_with(".*") && !expression.starts_with(".*?")) expression.remove_prefix(2);
  }
  if (expression.ends_with("$") && !ends_escaped(expression.substr(0, expression.size() - 1))) {
    to_end = true;
    expression.remove_suffix(1);
  } else {
    while (expression.ends_with(".*") && !ends_escaped(expression.substr(0, expression.size() - 2))) {
      expression.remove_suffix(2);
    }
  }
  if (!unescape_plain(expression, plain_text_)) return;
  const size_t most = std::min<size_t>(plain_text_.size(), 255);
  skip_.fill(static_cast<uint8_t>(most));
  for (size_t i = plain_text_.size() - std::min(plain_text_.size(), most); i + 1 < plain_text_.size(); ++i) {
    skip_[static_cast<unsigned char>(plain_text_[i])] = static_cast<uint8_t>(plain_text_.size() - 1 - i);
  }
  plain_ = from_start ? (to_end ? Plain::kWhole : Plain::kPrefix) : (to_end ? Plain::kSuffix : Plain::kContains);
}

bool Pattern::contains_plain(std::string_view text) const {
  const size_t size = plain_text_.size();
  if (size == 0) return true;
  const char last = plain_text_.back();
  for (size_t end = size; end <= text.size(); end += skip_[static_cast<unsigned char>(text[end - 1])]) {
    if (text[end - 1] != last) continue;
    if (std::memcmp(text.data() + end - size, plain_text_.data(), size - 1) == 0) return true;
  }
  return false;
}

bool Pattern::matches(std::string_view text) const {
  switch (plain_) {
    case Plain::kContains:
      return contains_plain(text);
    case Plain::kPrefix:
      return text.starts_with(plain_text_);
    case Plain::kSuffix:
      return text.ends_with(plain_text_);
    case Plain::kWhole:
      return text == plain_text_;
    case Plain::kNo:
      break;
  }
  const re2::StringPiece piece(text.data(), text.size());
  return compiled_->regex.Match(piece, 0, piece.size(), RE2::UNANCHORED, nullptr, 0);
}

bool Pattern::find(std::string_view text, size_t from, std::vector<std::pair<int, int>>& ranges) const {
  if (text.data() == nullptr) text = "";  // a group without an address took no part in the match
  const re2::StringPiece piece(text.data(), text.size());
  std::vector<re2::StringPiece> groups(names_.size());
  if (!compiled_->regex.Match(piece, from, piece.size(), RE2::UNANCHORED, groups.data(),
                              static_cast<int>(groups.size()))) {
    return false;
  }
  ranges.clear();
  for (const re2::StringPiece& group : groups) {
    if (group.data() == nullptr) {
      ranges.emplace_back(-1, -1);
      continue;
    }
    const auto first = static_cast<int>(group.data() - text.data());
    ranges.emplace_back(first, first + static_cast<int>(group.size()));
  }
  return true;
}

bool Pattern::groups(std::string_view text, std::vector<std::pair<std::string, std::string_view>>& out) const {
  std::vector<std::pair<int, int>> ranges;
  if (!find(text, 0, ranges)) return false;
  for (size_t i = 1; i < names_.size(); ++i) {
    if (names_[i].empty()) continue;
    const auto [first, last] = ranges[i];
    out.emplace_back(names_[i], first < 0 ? std::string_view()
                                          : text.substr(static_cast<size_t>(first), static_cast<size_t>(last - first)));
  }
  return true;
}

namespace {

bool word_char(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

// Reads what stands behind a dollar sign; empty, and nothing taken, where it names no group.
std::string_view take_group(std::string_view& rest) {
  const bool braced = rest.starts_with("{");
  std::string_view name = braced ? rest.substr(1) : rest;
  size_t size = 0;
  while (size < name.size() && word_char(name[size])) ++size;
  if (size == 0 || (braced && (size == name.size() || name[size] != '}'))) return {};
  name = name.substr(0, size);
  rest.remove_prefix(size + (braced ? 2 : 0));
  return name;
}

bool all_digits(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace

void Pattern::expand(std::string_view replacement, std::string_view text,
                     const std::vector<std::pair<int, int>>& ranges, std::string& out) const {
  while (!replacement.empty()) {
    const size_t dollar = replacement.find('$');
    out.append(replacement.substr(0, dollar));
    if (dollar == std::string_view::npos) return;
    replacement.remove_prefix(dollar + 1);
    if (replacement.starts_with("$")) {
      out += '$';
      replacement.remove_prefix(1);
      continue;
    }
    const std::string_view name = take_group(replacement);
    if (name.empty()) {
      out += '$';
      continue;
    }
    for (size_t i = 0; i < ranges.size(); ++i) {
      const bool wanted = all_digits(name) ? std::to_string(i) == name : names_[i] == name;
      if (!wanted || ranges[i].first < 0) continue;
      const auto [first, last] = ranges[i];
      out.append(text.substr(static_cast<size_t>(first), static_cast<size_t>(last - first)));
      break;
    }
  }
}

std::string Pattern::replace_all(std::string_view text, std::string_view replacement) const {
  std::string out;
  replace_each(text, replacement, out, [](std::string&) { return true; });
  return out;
}

namespace {

// One character class of a glob as one of a pattern; false where it has no end.
bool append_class(std::string_view& rest, std::string& out) {
  const size_t end = rest.find(']', 2);
  if (end == std::string_view::npos) return false;
  std::string_view inside = rest.substr(1, end - 1);
  out += '[';
  if (inside.starts_with("!")) {
    out += '^';
    inside.remove_prefix(1);
  }
  for (char c : inside) {
    if (c == '\\' || c == '^' || c == '[') out += '\\';
    out += c;
  }
  out += ']';
  rest.remove_prefix(end + 1);
  return true;
}

bool glob_to_pattern(std::string_view glob, std::string& out) {
  int open = 0;
  out = "(?s)^";
  while (!glob.empty()) {
    const char c = glob[0];
    if (c == '[') {
      if (!append_class(glob, out)) return false;
      continue;
    }
    glob.remove_prefix(1);
    if (c == '*') {
      out += glob.starts_with("*") ? "" : ".*";
    } else if (c == '?') {
      out += '.';
    } else if (c == '{') {
      ++open;
      out += "(?:";
    } else if (c == '}' && open > 0) {
      --open;
      out += ')';
    } else if (c == ',' && open > 0) {
      out += '|';
    } else if (c == '\\' && !glob.empty()) {
      out += RE2::QuoteMeta(re2::StringPiece(glob.data(), 1));
      glob.remove_prefix(1);
    } else {
      out += static_cast<unsigned char>(c) >= 0x80 ? std::string(1, c) : RE2::QuoteMeta(re2::StringPiece(&c, 1));
    }
  }
  out += '$';
  return open == 0;
}

}  // namespace

std::shared_ptr<const Glob> Glob::compile(std::string_view glob, std::string& error) {
  auto result = std::make_shared<Glob>();
  if (glob.find_first_of("*?[{\\") == std::string_view::npos) {
    result->is_plain_ = true;
    result->plain_ = glob;
    return result;
  }
  std::string expression;
  if (!glob_to_pattern(glob, expression)) {
    error = "a bracket or brace is not closed";
    return nullptr;
  }
  result->pattern_ = Pattern::compile(expression, error);
  return result->pattern_ ? result : nullptr;
}

}  // namespace weir::ottl
