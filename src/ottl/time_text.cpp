// SPDX-License-Identifier: Apache-2.0
#include <chrono>
#include <cstdio>

#include "ottl/time_format.h"

// Times and durations as text.
namespace weir::ottl {

namespace {

// ".5" of 500 of 1000; "" of 0.
std::string fraction(uint64_t part, uint64_t whole) {
  if (part == 0) return "";
  std::string text = ".";
  while (part > 0) {
    part *= 10;
    text += static_cast<char>('0' + part / whole);
    part %= whole;
  }
  return text;
}

std::string date_and_time(int64_t nanos, char separator) {
  // In whole seconds first: the midnight before the earliest nanosecond has no number itself.
  const auto second = std::chrono::floor<std::chrono::seconds>(std::chrono::nanoseconds(nanos));
  const auto day = std::chrono::floor<std::chrono::days>(std::chrono::sys_seconds(second));
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(second - day.time_since_epoch());
  constexpr int64_t kSecond = 1'000'000'000;
  const auto part = static_cast<uint64_t>((nanos % kSecond + kSecond) % kSecond);
  char text[64];
  std::snprintf(text, sizeof text, "%04d-%02u-%02u%c%02d:%02d:%02d", static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), separator,
                static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
                static_cast<int>(clock.seconds().count()));
  return text + fraction(part, kSecond);
}

}  // namespace

std::string rfc3339(int64_t nanos) { return date_and_time(nanos, 'T') + "Z"; }
std::string go_time_text(int64_t nanos) { return date_and_time(nanos, ' ') + " +0000 UTC"; }

std::string go_duration_text(int64_t nanos) {
  constexpr uint64_t kSecond = 1'000'000'000;
  if (nanos == 0) return "0s";
  const std::string sign = nanos < 0 ? "-" : "";
  const uint64_t size = nanos < 0 ? 0 - static_cast<uint64_t>(nanos) : static_cast<uint64_t>(nanos);
  if (size < 1'000) return sign + std::to_string(size) + "ns";
  if (size < 1'000'000) return sign + std::to_string(size / 1'000) + fraction(size % 1'000, 1'000) + "\u00b5s";
  if (size < kSecond) return sign + std::to_string(size / 1'000'000) + fraction(size % 1'000'000, 1'000'000) + "ms";
  const uint64_t seconds = size / kSecond;
  std::string text = sign;
  if (seconds >= 3600) text += std::to_string(seconds / 3600) + "h";
  if (seconds >= 60) text += std::to_string(seconds / 60 % 60) + "m";
  return text + std::to_string(seconds % 60) + fraction(size % kSecond, kSecond) + "s";
}

}  // namespace weir::ottl
