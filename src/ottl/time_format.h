// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace weir::ottl {

inline constexpr std::array<std::string_view, 12> kMonths{"January",   "February", "March",    "April",
                                                          "May",       "June",     "July",     "August",
                                                          "September", "October",  "November", "December"};
inline constexpr std::array<std::string_view, 7> kDays{"Sunday",   "Monday", "Tuesday", "Wednesday",
                                                       "Thursday", "Friday", "Saturday"};

// What is wrong with a strptime format; "" where nothing is.
std::string check_time_format(std::string_view format);
// The format with the directives that stand for several (%T, %D, %F, …) written out.
std::string wide_format(std::string_view format);
// How many digits a fraction of a second has at most (%L, %f, %s); 0 for other directives.
size_t fraction_digits(char directive);
// Nanoseconds since 1970 of a time of that format; false where the text is none. Without an offset it is UTC, without a
// year it is near `now`.
bool parse_time(std::string_view text, std::string_view format, int64_t now, int64_t& nanos);

// "2024-03-01T12:34:56.5Z", with as many digits of a fraction as it has.
std::string rfc3339(int64_t nanos);
// As Go prints them: "2024-03-01 12:34:56.5 +0000 UTC" and "1h2m3.5s".
std::string go_time_text(int64_t nanos);
std::string go_duration_text(int64_t nanos);

}  // namespace weir::ottl
