// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <limits>

#include "config/fields.h"

namespace weir::config {
namespace {

struct Unit {
  std::string_view name;
  int64_t nanoseconds;
};

// Longer names stand before those they start with.
constexpr std::array<Unit, 8> kUnits{{{"ns", 1},
                                      {"us", 1'000},
                                      {"\u00b5s", 1'000},
                                      {"\u03bcs", 1'000},
                                      {"ms", 1'000'000},
                                      {"s", 1'000'000'000},
                                      {"m", 60'000'000'000},
                                      {"h", 3'600'000'000'000}}};

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// One "12.5s" at the front of `text`, taken off it.
struct Part {
  int64_t whole = 0;
  int64_t fraction = 0;
  int64_t scale = 1;  // the fraction is fraction / scale
  bool any_digit = false;
  bool overflow = false;
};

Part take_number(std::string_view& text) {
  Part part;
  for (; !text.empty() && is_digit(text[0]); text.remove_prefix(1)) {
    part.any_digit = true;
    part.overflow |= __builtin_mul_overflow(part.whole, 10, &part.whole) ||
                     __builtin_add_overflow(part.whole, text[0] - '0', &part.whole);
  }
  if (text.empty() || text[0] != '.') return part;
  constexpr int64_t kEnoughDigits = 1'000'000'000'000;
  for (text.remove_prefix(1); !text.empty() && is_digit(text[0]); text.remove_prefix(1)) {
    part.any_digit = true;
    if (part.scale >= kEnoughDigits) continue;
    part.fraction = part.fraction * 10 + (text[0] - '0');
    part.scale *= 10;
  }
  return part;
}

const Unit* take_unit(std::string_view& text) {
  size_t length = 0;
  while (length < text.size() && !is_digit(text[length]) && text[length] != '.') ++length;
  for (const Unit& unit : kUnits) {
    if (unit.name != text.substr(0, length)) continue;
    text.remove_prefix(length);
    return &unit;
  }
  return nullptr;
}

bool add_part(const Part& part, const Unit& unit, int64_t& total) {
  int64_t nanoseconds = 0;
  if (part.overflow || __builtin_mul_overflow(part.whole, unit.nanoseconds, &nanoseconds)) return false;
  auto fraction =
      static_cast<int64_t>(static_cast<long double>(part.fraction) * static_cast<long double>(unit.nanoseconds) /
                           static_cast<long double>(part.scale));
  return !__builtin_add_overflow(nanoseconds, fraction, &nanoseconds) &&
         !__builtin_add_overflow(total, nanoseconds, &total);
}

}  // namespace

std::optional<Duration> parse_duration(std::string_view text) {
  bool negative = !text.empty() && text[0] == '-';
  if (negative || (!text.empty() && text[0] == '+')) text.remove_prefix(1);
  if (text == "0") return Duration{0};
  if (text.empty()) return std::nullopt;
  int64_t total = 0;
  while (!text.empty()) {
    Part part = take_number(text);
    if (!part.any_digit) return std::nullopt;
    const Unit* unit = take_unit(text);
    if (unit == nullptr || !add_part(part, *unit, total)) return std::nullopt;
  }
  return Duration{negative ? -total : total};
}

}  // namespace weir::config
