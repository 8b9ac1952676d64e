// SPDX-License-Identifier: Apache-2.0
#include "processors/probabilistic_sampler/sampling_state.h"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace weir {

namespace {

constexpr size_t kDigits = 14;
constexpr size_t kMaxState = 1024, kMaxOwn = 256, kMaxMembers = 32;

bool small(char c) { return c >= 'a' && c <= 'z'; }
bool small_or_digit(char c) { return small(c) || (c >= '0' && c <= '9'); }
bool key_char(char c) { return small_or_digit(c) || c == '_' || c == '-' || c == '*' || c == '/'; }
bool value_char(char c) { return c > ' ' && c <= '~' && c != ',' && c != '='; }
bool own_value_char(char c) { return small_or_digit(c) || (c >= 'A' && c <= 'Z') || c == '.' || c == '_' || c == '-'; }

bool key_part(std::string_view text, bool digit_first, size_t most) {
  return !text.empty() && text.size() <= most && (digit_first ? small_or_digit(text[0]) : small(text[0])) &&
         std::all_of(text.begin(), text.end(), key_char);
}

bool good_key(std::string_view key) {
  const size_t at = key.find('@');
  if (at == std::string_view::npos) return key_part(key, false, 256);
  return key_part(key.substr(0, at), true, 241) && key_part(key.substr(at + 1), false, 14);
}

bool good_value(std::string_view value) {
  return !value.empty() && value.size() <= 256 && value_char(value.back()) &&
         std::all_of(value.begin(), value.end(), [](char c) { return c == ' ' || value_char(c); });
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// The part of `rest` before a separator, which is taken off.
std::string_view take_until(std::string_view& rest, char separator) {
  const size_t at = rest.find(separator);
  const std::string_view part = rest.substr(0, at);
  rest = at == std::string_view::npos ? std::string_view() : rest.substr(at + 1);
  return part;
}

bool good_own(std::string_view entry) {
  if (entry.ends_with(";")) return false;
  while (!entry.empty()) {
    const std::string_view member = take_until(entry, ';');
    const size_t colon = member.find(':');
    if (colon == std::string_view::npos || colon == 0 || !small(member[0])) return false;
    const std::string_view key = member.substr(0, colon), value = member.substr(colon + 1);
    if (!std::all_of(key.begin(), key.end(), small_or_digit)) return false;
    if (!std::all_of(value.begin(), value.end(), own_value_char)) return false;
  }
  return true;
}

std::optional<uint64_t> parse_hex(std::string_view text) {
  uint64_t value = 0;
  const auto result = std::from_chars(text.data(), text.data() + text.size(), value, 16);
  if (text.empty() || text.size() > kDigits || result.ec != std::errc{} || result.ptr != text.data() + text.size()) {
    return std::nullopt;
  }
  return value << (4 * (kDigits - text.size()));
}

}  // namespace

std::string SamplingState::digits(uint64_t value) {
  static constexpr char kHex[] = "0123456789abcdef";
  std::string text(kDigits, '0');
  for (size_t i = 0; i < kDigits; ++i) text[kDigits - 1 - i] = kHex[value >> (4 * i) & 15];
  return text;
}

bool SamplingState::read_randomness(std::string_view text) {
  randomness_ = text.size() == kDigits ? parse_hex(text) : std::nullopt;
  randomness_text_ = text;
  return randomness_.has_value();
}

bool SamplingState::read_threshold(std::string_view text) {
  threshold_ = parse_hex(text);
  threshold_text_ = text;
  return threshold_.has_value();
}

SamplingState SamplingState::of(std::string_view randomness, std::string_view threshold, bool& good) {
  SamplingState state;
  good = randomness.empty() || state.read_randomness(randomness);
  if (!threshold.empty()) good = state.read_threshold(threshold) && good;
  return state;
}

// A member that cannot be read is left out; one that is malformed makes all of the entry worthless.
bool SamplingState::parse_own(std::string_view entry) {
  if (entry.size() > kMaxOwn || !good_own(entry)) return false;
  bool good = true;
  while (!entry.empty()) {
    const std::string_view member = take_until(entry, ';');
    const size_t colon = member.find(':');
    const std::string_view key = member.substr(0, colon), value = member.substr(colon + 1);
    if (key == "rv") {
      good = read_randomness(value) && good;
    } else if (key == "th") {
      good = read_threshold(value) && good;
    } else {
      own_.emplace_back(key, value);
    }
  }
  return good;
}

namespace {

// Calls f(key, value) for each member; false where one is no member of a trace state.
template <class F>
bool for_each_member(std::string_view trace_state, F&& f) {
  while (!trace_state.empty()) {
    const std::string_view member = trimmed(take_until(trace_state, ','));
    if (member.empty()) continue;
    const size_t equal = member.find('=');
    if (equal == std::string_view::npos) return false;
    const std::string_view key = member.substr(0, equal), value = member.substr(equal + 1);
    if (!good_key(key) || !good_value(value)) return false;
    f(key, value);
  }
  return true;
}

}  // namespace

bool SamplingState::parse_all(std::string_view trace_state) {
  if (trace_state.size() > kMaxState) return false;
  // Text that is no trace state gives nothing of what is in it.
  if (!for_each_member(trace_state, [](std::string_view, std::string_view) {})) return false;
  bool good = true;
  size_t members = 0;
  for_each_member(trace_state, [&](std::string_view key, std::string_view value) {
    if (++members >= kMaxMembers) {
      good = false;
    } else if (key != "ot") {
      others_.emplace_back(key, value);
    } else {
      good = parse_own(value) && good;
    }
  });
  return good;
}

SamplingState SamplingState::parse(std::string_view trace_state, bool& good) {
  SamplingState state;
  good = state.parse_all(trace_state);
  return state;
}

bool SamplingState::set_threshold(uint64_t value) {
  if (threshold_ && *threshold_ > value) return false;
  threshold_ = value;
  threshold_text_ = value == 0 ? "0" : digits(value);
  while (threshold_text_.size() > 1 && threshold_text_.ends_with("0")) threshold_text_.pop_back();
  return true;
}

std::string SamplingState::text() const {
  std::string own;
  if (randomness_) own += "rv:" + randomness_text_;
  if (threshold_) own += (own.empty() ? "th:" : ";th:") + threshold_text_;
  for (const auto& [key, value] : own_) {
    if (!own.empty()) own += ";";
    own.append(key).append(":").append(value);
  }
  std::string text = own.empty() ? "" : "ot=" + own;
  for (const auto& [key, value] : others_) {
    if (!text.empty()) text += ",";
    text.append(key).append("=").append(value);
  }
  return text;
}

uint64_t threshold_of(double probability, int precision) {
  if (probability < std::ldexp(1.0, -56)) return kNeverSampled;
  if (probability >= 1) return 0;
  int below = 0, above = 0;
  std::frexp(probability, &below);
  std::frexp(1 - probability, &above);
  // Digits that are all 0 or all f at the front do not count.
  precision = std::min(static_cast<int>(kDigits), std::max(precision + below / -4, precision + above / -4));
  uint64_t threshold =
      kSamplingRange - static_cast<uint64_t>(std::round(probability * static_cast<double>(kSamplingRange)));
  const int shift = 4 * (static_cast<int>(kDigits) - precision);
  if (shift > 0) threshold = (threshold + (uint64_t{1} << (shift - 1))) >> shift << shift;
  return threshold;
}

}  // namespace weir
