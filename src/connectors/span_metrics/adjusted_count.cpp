// SPDX-License-Identifier: Apache-2.0
#include "connectors/span_metrics/adjusted_count.h"

#include <cmath>
#include <optional>

namespace weir::span_metrics {
namespace {

constexpr size_t kThresholdDigits = 14;                  // 56 bits
constexpr double kThresholdRange = 72057594037927936.0;  // 2^56

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// The value of `key` in a list of "key<equals>value" items; empty where it is not there.
std::string_view find_item(std::string_view list, char separator, std::string_view key, char equals) {
  while (!list.empty()) {
    const size_t end = list.find(separator);
    const std::string_view item = trim(list.substr(0, end));
    list = end == std::string_view::npos ? std::string_view() : list.substr(end + 1);
    if (item.size() > key.size() && item.starts_with(key) && item[key.size()] == equals)
      return item.substr(key.size() + 1);
  }
  return {};
}

// The rejection threshold out of 2^56; missing digits at the end are zeros.
std::optional<uint64_t> parse_threshold(std::string_view hex) {
  if (hex.empty() || hex.size() > kThresholdDigits) return std::nullopt;
  uint64_t value = 0;
  for (char c : hex) {
    const bool digit = c >= '0' && c <= '9';
    if (!digit && !(c >= 'a' && c <= 'f')) return std::nullopt;
    value = value << 4 | static_cast<uint64_t>(digit ? c - '0' : c - 'a' + 10);
  }
  return value << 4 * (kThresholdDigits - hex.size());
}

}  // namespace

AdjustedCount adjusted_count(std::string_view trace_state, SpanId span_id, uint64_t seed) {
  const std::optional<uint64_t> threshold =
      parse_threshold(find_item(find_item(trace_state, ',', "ot", '='), ';', "th", ':'));
  if (!threshold) return {};
  const double weight = kThresholdRange / (kThresholdRange - static_cast<double>(*threshold));
  const double whole = std::floor(weight);
  const double drawn = static_cast<double>(mix64(span_id.word ^ mix64(seed)) >> 11) / 9007199254740992.0;  // [0, 1)
  return {static_cast<uint64_t>(whole) + (drawn < weight - whole ? 1 : 0), true};
}

}  // namespace weir::span_metrics
