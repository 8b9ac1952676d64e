// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace weir::ottl {

// A regular expression (RE2 syntax), compiled once. What is only a text with .* around it is searched as a text.
// Immutable, shared by threads.
class Pattern {
 public:
  // Null, and why, where it is not a pattern.
  static std::shared_ptr<const Pattern> compile(std::string_view expression, std::string& error);
  ~Pattern();

  // Whether it occurs anywhere in the text.
  bool matches(std::string_view text) const;
  // All that matches replaced; in the replacement $1, ${1}, $name and ${name} are groups and $$ is a dollar sign.
  std::string replace_all(std::string_view text, std::string_view replacement) const;
  // f(what the replacement gives for one match) makes the text that stands there; false stops.
  template <class F>
  bool replace_each(std::string_view text, std::string_view replacement, std::string& out, F&& f) const;
  // Named groups with their text at the first match, by their place in the pattern; false where it does not occur.
  bool groups(std::string_view text, std::vector<std::pair<std::string, std::string_view>>& out) const;
  const std::vector<std::string>& group_names() const { return names_; }  // "" for groups without a name; [0] is all
  // The first match from `from` on: the ranges of all groups (first < 0: not part of the match). False: none.
  bool find(std::string_view text, size_t from, std::vector<std::pair<int, int>>& ranges) const;
  void expand(std::string_view replacement, std::string_view text, const std::vector<std::pair<int, int>>& ranges,
              std::string& out) const;

 private:
  enum class Plain : uint8_t { kNo, kContains, kPrefix, kSuffix, kWhole };
  struct Compiled;
  Pattern() = default;
  void find_plain(std::string_view expression);
  bool contains_plain(std::string_view text) const;

  std::unique_ptr<Compiled> compiled_;
  std::vector<std::string> names_;
  Plain plain_ = Plain::kNo;
  std::string plain_text_;
  std::array<uint8_t, 256> skip_{};  // how far the text may be moved on by what stands at its end (Horspool)
};

// A glob of `*` (any text), `?` (one character), `[a-z]`, `[!a]` and `{a,b}`, for a whole text.
class Glob {
 public:
  static std::shared_ptr<const Glob> compile(std::string_view glob, std::string& error);
  bool matches(std::string_view text) const { return is_plain_ ? text == plain_ : pattern_->matches(text); }

 private:
  bool is_plain_ = false;
  std::string plain_;
  std::shared_ptr<const Pattern> pattern_;
};

template <class F>
bool Pattern::replace_each(std::string_view text, std::string_view replacement, std::string& out, F&& f) const {
  std::vector<std::pair<int, int>> ranges;
  size_t at = 0;
  size_t copied = 0;
  bool after_match = false;
  while (at <= text.size() && find(text, at, ranges)) {
    const auto [first, last] = ranges[0];
    // An empty match right behind a match is none.
    if (!(after_match && first == last && static_cast<size_t>(first) == copied)) {
      out.append(text.substr(copied, static_cast<size_t>(first) - copied));
      std::string expanded;
      expand(replacement, text, ranges, expanded);
      if (!f(expanded)) return false;
      out += expanded;
      copied = static_cast<size_t>(last);
      after_match = true;
    }
    at = static_cast<size_t>(last);
    if (first == last) {
      ++at;
      while (at < text.size() && (static_cast<unsigned char>(text[at]) & 0xc0) == 0x80) ++at;
    }
  }
  out.append(text.substr(copied));
  return true;
}

}  // namespace weir::ottl
