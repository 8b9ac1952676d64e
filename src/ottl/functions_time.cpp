// SPDX-License-Identifier: Apache-2.0
#include <chrono>

#include "config/fields.h"
#include "ottl/functions.h"

// Converters of times and durations.
namespace weir::ottl {

namespace {

constexpr int64_t kNanosPerSecond = 1'000'000'000;

// Rounds down, also below zero.
int64_t floor_div(int64_t a, int64_t b) { return a / b - (a % b != 0 && (a < 0) != (b < 0) ? 1 : 0); }

Value now(Call& call) { return Value::of_int(static_cast<int64_t>(call.frame().time_ns()), Type::kTime); }

Value duration(Call& call) {
  const auto parsed = config::parse_duration(call.text(0));
  if (!parsed) return call.fail("\"", call.text(0), "\" is no duration such as \"1h30m\"");
  return Value::of_int(parsed->count(), Type::kDuration);
}

Value unix_time(Call& call) {
  const int64_t nanos = call.has(1) ? call.integer(1) : 0;
  return Value::of_int(call.integer(0) * kNanosPerSecond + nanos, Type::kTime);
}

// A time as a whole number of some unit since 1970.
template <int64_t Nanos>
Value time_in(Call& call) {
  return Value::of_int(floor_div(call.integer(0), Nanos));
}
// A duration as a whole number of some unit, cut towards zero.
template <int64_t Nanos>
Value whole_units(Call& call) {
  return Value::of_int(call.integer(0) / Nanos);
}
template <int64_t Nanos>
Value fractional_units(Call& call) {
  const int64_t whole = call.integer(0) / Nanos;
  return Value::of_double(static_cast<double>(whole) +
                          static_cast<double>(call.integer(0) % Nanos) / static_cast<double>(Nanos));
}

std::chrono::sys_days day_of(Call& call) {
  return std::chrono::sys_days(std::chrono::days(floor_div(call.integer(0), 86400 * kNanosPerSecond)));
}
std::chrono::year_month_day date_of(Call& call) { return {day_of(call)}; }
template <int64_t Nanos, int64_t Cycle>
Value clock_part(Call& call) {
  const int64_t units = floor_div(call.integer(0), Nanos);
  return Value::of_int(units - floor_div(units, Cycle) * Cycle);
}

Value year(Call& call) { return Value::of_int(static_cast<int>(date_of(call).year())); }
Value month(Call& call) { return Value::of_int(static_cast<unsigned>(date_of(call).month())); }
Value day(Call& call) { return Value::of_int(static_cast<unsigned>(date_of(call).day())); }
Value weekday(Call& call) { return Value::of_int(std::chrono::weekday(day_of(call)).c_encoding()); }

// Cut to a multiple of the duration since the year 1, as Go does.
Value truncate_time(Call& call) {
  const int64_t by = call.integer(1);
  if (by <= 0) return call[0];
  __extension__ using Wide = __int128;
  constexpr Wide kSinceYearOne = Wide{62135596800} * kNanosPerSecond;
  const Wide since = kSinceYearOne + call.integer(0);
  return Value::of_int(static_cast<int64_t>(since - since % by - kSinceYearOne), Type::kTime);
}

constexpr int64_t kMinute = 60 * kNanosPerSecond, kHour = 60 * kMinute;

std::vector<Function> parts_of_times() {
  return {
      {"Year", {{"time", Take::kTime}}, year},
      {"Month", {{"time", Take::kTime}}, month},
      {"Day", {{"time", Take::kTime}}, day},
      {"Weekday", {{"time", Take::kTime}}, weekday},
      {"Hour", {{"time", Take::kTime}}, clock_part<kHour, 24>},
      {"Minute", {{"time", Take::kTime}}, clock_part<kMinute, 60>},
      {"Second", {{"time", Take::kTime}}, clock_part<kNanosPerSecond, 60>},
      {"Nanosecond", {{"time", Take::kTime}}, clock_part<1, kNanosPerSecond>},
      {"UnixNano", {{"time", Take::kTime}}, time_in<1>},
      {"UnixMicro", {{"time", Take::kTime}}, time_in<1'000>},
      {"UnixMilli", {{"time", Take::kTime}}, time_in<1'000'000>},
      {"UnixSeconds", {{"time", Take::kTime}}, time_in<kNanosPerSecond>},
  };
}

std::vector<Function> all_of_time() {
  std::vector<Function> table = parts_of_times();
  const std::vector<Function> others{
      {"Now", {}, now, false},
      {"Duration", {{"duration", Take::kString}}, duration},
      {"Unix", {{"seconds", Take::kInt}, {"nanoseconds", Take::kInt, true}}, unix_time},
      {"Nanoseconds", {{"duration", Take::kDuration}}, whole_units<1>},
      {"Microseconds", {{"duration", Take::kDuration}}, whole_units<1'000>},
      {"Milliseconds", {{"duration", Take::kDuration}}, whole_units<1'000'000>},
      {"Seconds", {{"duration", Take::kDuration}}, fractional_units<kNanosPerSecond>},
      {"Minutes", {{"duration", Take::kDuration}}, fractional_units<kMinute>},
      {"Hours", {{"duration", Take::kDuration}}, fractional_units<kHour>},
      {"TruncateTime", {{"time", Take::kTime}, {"duration", Take::kDuration}}, truncate_time},
  };
  table.insert(table.end(), others.begin(), others.end());
  return table;
}

}  // namespace

std::span<const Function> time_functions() {
  static const std::vector<Function> table = all_of_time();
  return table;
}

}  // namespace weir::ottl
