// SPDX-License-Identifier: Apache-2.0
#include <chrono>
#include <cstdio>

#include "ottl/functions.h"
#include "ottl/time_format.h"

// Times from and to text.
namespace weir::ottl {

namespace {

Value time(Call& call) {
  if (call.text(0).empty()) return call.fail("Time takes a text that is not empty");
  int64_t nanos = 0;
  if (!parse_time(call.text(0), call.text(1), static_cast<int64_t>(call.frame().time_ns()), nanos)) {
    return call.fail("\"", call.text(0), "\" is no time of the format \"" + std::string(call.text(1)) + "\"");
  }
  return Value::of_int(nanos, Type::kTime);
}

// Literals with a year are the same for every record.
ExprPtr shorter_time(Site& site) {
  const Value* text = site.literal(0);
  int64_t nanos = 0;
  if (text == nullptr) return nullptr;
  const std::string format = wide_format(site.literal(1)->text());
  const bool year = format.find("%Y") != std::string::npos || format.find("%y") != std::string::npos;
  if (!year || !parse_time(text->text(), format, 0, nanos)) return nullptr;
  return std::make_unique<Constant>(Value::of_int(nanos, Type::kTime));
}

std::string check_format(const Site& site) { return check_time_format(site.literal(1)->text()); }
std::string check_time(const Site& site) {
  std::string wrong = check_format(site);
  if (!wrong.empty()) return wrong;
  const std::string_view location = site.has(2) ? site.literal(2)->text() : "UTC";
  if (location != "UTC" && location != "GMT" && !location.empty()) {
    return "times without %z are taken as UTC; the location \"" + std::string(location) + "\" is not supported";
  }
  if (site.has(3) && !site.literal(3)->text().starts_with("en"))
    return "only English names of months and days are known";
  return "";
}

struct Broken {
  std::chrono::year_month_day date;
  unsigned weekday;
  int64_t second_of_day, nanos;
};

Broken broken_down(int64_t nanos) {
  int64_t seconds = nanos / 1'000'000'000;
  int64_t rest = nanos % 1'000'000'000;
  if (rest < 0) {
    rest += 1'000'000'000;
    --seconds;
  }
  const auto days = std::chrono::floor<std::chrono::days>(std::chrono::seconds(seconds));
  const std::chrono::sys_days day(days);
  Broken out{};
  out.date = std::chrono::year_month_day(day);
  out.weekday = std::chrono::weekday(day).c_encoding();
  out.second_of_day = seconds - std::chrono::seconds(days).count();
  out.nanos = rest;
  return out;
}

std::string padded(int64_t number, int width, const char* format = "%0*lld") {
  char buffer[32];
  std::snprintf(buffer, sizeof buffer, format, width, static_cast<long long>(number));
  return buffer;
}

std::string formatted(char letter, const Broken& time) {
  const auto month = static_cast<unsigned>(time.date.month());
  const auto day = static_cast<unsigned>(time.date.day());
  const auto year = static_cast<int>(time.date.year());
  const int64_t hour = time.second_of_day / 3600;
  switch (letter) {
    case 'Y':
      return padded(year, 4);
    case 'y':
      return padded(year % 100, 2);
    case 'm':
      return padded(month, 2);
    case 'd':
      return padded(day, 2);
    case 'e':
      return padded(day, 2, "%*lld");
    case 'g':
      return std::to_string(day);
    case 'o':
      return padded(month, 2, "%*lld");
    case 'q':
      return std::to_string(month);
    case 'H':
      return padded(hour, 2);
    case 'I':
      return padded((hour + 11) % 12 + 1, 2);
    case 'M':
      return padded(time.second_of_day / 60 % 60, 2);
    case 'S':
      return padded(time.second_of_day % 60, 2);
    case 'l':
      return std::to_string((hour + 11) % 12 + 1);
    case 'P':
      return hour < 12 ? "am" : "pm";
    case 'p':
      return hour < 12 ? "AM" : "PM";
    case 'b':
    case 'h':
      return std::string(kMonths[month - 1].substr(0, 3));
    case 'B':
      return std::string(kMonths[month - 1]);
    case 'a':
      return std::string(kDays[time.weekday].substr(0, 3));
    case 'A':
      return std::string(kDays[time.weekday]);
    case 'z':
      return "Z";
    case 'i':
      return "+00";
    case 'j':
      return "+00:00";
    case 'w':
      return "+000000";
    case 'k':
      return "+00:00:00";
    case 'Z':
      return "UTC";
    default:
      return "%";
  }
}

// Without zeros at its end; nothing where there is no fraction.
std::string fraction_text(char separator, int64_t nanos, size_t digits) {
  std::string text = padded(nanos, 9).substr(0, digits);
  while (text.ends_with("0")) text.pop_back();
  return text.empty() ? "" : separator + text;
}

Value format_time(Call& call) {
  const Broken time = broken_down(call.integer(0));
  const std::string format = wide_format(call.text(1));
  std::string out;
  for (size_t i = 0; i < format.size(); ++i) {
    const bool directive = format[i] == '%' && i + 1 < format.size();
    if (!directive) {
      out += format[i];
      continue;
    }
    const size_t digits = fraction_digits(format[++i]);
    if (digits == 0) {
      out += formatted(format[i], time);
    } else if (!out.empty()) {
      const char separator = out.back();
      out.pop_back();
      out += fraction_text(separator, time.nanos, digits);
    }
  }
  return call.string(out);
}

}  // namespace

std::span<const Function> format_time_functions() {
  static const std::vector<Function> table{
      {"Time",
       {{"time", Take::kString},
        {"format", Take::kPlainString},
        {"location", Take::kPlainString, true},
        {"locale", Take::kPlainString, true}},
       time,
       false,
       check_time,
       shorter_time},
      {"FormatTime", {{"time", Take::kTime}, {"format", Take::kPlainString}}, format_time, true, check_format},
  };
  return table;
}

}  // namespace weir::ottl
