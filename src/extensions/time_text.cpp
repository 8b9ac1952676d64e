// SPDX-License-Identifier: Apache-2.0
#include "extensions/time_text.h"

#include <time.h>

#include <algorithm>

namespace weir {

namespace {

// `number` / `unit` with as many decimals as it needs.
std::string decimal(int64_t number, int64_t unit) {
  std::string text = std::to_string(number / unit);
  std::string fraction = std::to_string(unit + number % unit).substr(1);
  fraction.erase(fraction.find_last_not_of('0') + 1);
  return fraction.empty() ? text : text + "." + fraction;
}

}  // namespace

std::string time_text(Duration wall) {
  constexpr int64_t kSecond = 1'000'000'000;
  const time_t seconds = wall.count() / kSecond;
  tm parts{};
  ::gmtime_r(&seconds, &parts);
  char text[32];
  const size_t length = ::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
  return std::string(text, length) + "." + std::to_string(kSecond + wall.count() % kSecond).substr(1) + "Z";
}

std::string go_duration_text(Duration elapsed) {
  constexpr int64_t kMicro = 1000;
  constexpr int64_t kMilli = 1000 * kMicro;
  constexpr int64_t kSecond = 1000 * kMilli;
  const int64_t ns = std::max<int64_t>(elapsed.count(), 0);
  if (ns == 0) return "0s";
  if (ns < kMicro) return std::to_string(ns) + "ns";
  if (ns < kMilli) return decimal(ns, kMicro) + "µs";
  if (ns < kSecond) return decimal(ns, kMilli) + "ms";
  const int64_t minutes = ns / (60 * kSecond);
  std::string text;
  if (minutes >= 60) text += std::to_string(minutes / 60) + "h";
  if (minutes > 0) text += std::to_string(minutes % 60) + "m";
  return text + decimal(ns % (60 * kSecond), kSecond) + "s";
}

}  // namespace weir
