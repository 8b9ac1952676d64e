// SPDX-License-Identifier: Apache-2.0
#include <time.h>

#include <algorithm>
#include <charconv>
#include <cstring>

#include "net/http_client.h"

namespace weir::net {

namespace {

// Longer than anybody waits; keeps seconds x 10^9 far from overflow.
constexpr int64_t kMostSeconds = 365 * 86400;

// RFC 9110 §5.6.7: the present form and the two that are history.
std::optional<Duration> parse_http_date(const std::string& text) {
  for (const char* format : {"%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT", "%a %b %e %H:%M:%S %Y"}) {
    tm parts{};
    const char* end = ::strptime(text.c_str(), format, &parts);
    if (end != nullptr && *end == '\0') return std::chrono::seconds(::timegm(&parts));
  }
  return {};
}

}  // namespace

std::optional<Duration> parse_retry_after(std::string_view value, Duration wall_now) {
  while (!value.empty() && value.front() == ' ') value.remove_prefix(1);
  while (!value.empty() && value.back() == ' ') value.remove_suffix(1);
  int64_t seconds = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), seconds);
  const bool is_number = !value.empty() && value.front() != '-' && end == value.data() + value.size();
  if (is_number && error != std::errc::invalid_argument) {
    return std::chrono::seconds(error == std::errc() ? std::min(seconds, kMostSeconds) : kMostSeconds);
  }
  const std::optional<Duration> date = parse_http_date(std::string(value));
  if (!date) return {};
  return std::clamp<Duration>(*date - wall_now, Duration(0), std::chrono::seconds(kMostSeconds));
}

}  // namespace weir::net
