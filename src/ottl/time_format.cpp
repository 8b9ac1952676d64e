// SPDX-License-Identifier: Apache-2.0
#include "ottl/time_format.h"

#include <algorithm>
#include <chrono>
#include <optional>

// Times from text by the collector's strptime formats. Of their own: %o %q months and %g days without a zero, %l hours,
// %L %f %s fractions of seconds (behind a dot or comma), %z Z or +0100, %i %j %w %k other forms of the offset.
namespace weir::ottl {

namespace {

constexpr std::string_view kDirectives = "YymoqbhBdegaAHlIpPMSLfsZzwijkDxFTXrRntc%";

// Directives that stand for others.
std::string_view meaning_of(char directive) {
  switch (directive) {
    case 'T':
    case 'X':
      return "%H:%M:%S";
    case 'D':
    case 'x':
      return "%m/%d/%Y";
    case 'F':
      return "%Y-%m-%d";
    case 'R':
      return "%H:%M";
    case 'r':
      return "%I:%M:%S %P";
    case 'c':
      return "%a %b %d %H:%M:%S %Y";
    case 'n':
      return "\n";
    case 't':
      return "\t";
    default:
      return {};
  }
}

}  // namespace

size_t fraction_digits(char directive) {
  if (directive == 'L') return 3;
  if (directive == 'f') return 6;
  return directive == 's' ? 9 : 0;
}

std::string wide_format(std::string_view format) {
  std::string out;
  for (size_t i = 0; i < format.size(); ++i) {
    const std::string_view meaning =
        format[i] == '%' && i + 1 < format.size() ? meaning_of(format[i + 1]) : std::string_view();
    if (!meaning.empty()) {
      out += meaning;
      ++i;
      continue;
    }
    out += format[i];
    if (format[i] == '%' && i + 1 < format.size()) out += format[++i];
  }
  return out;
}

std::string check_time_format(std::string_view format) {
  if (format.empty()) return "the format cannot be empty";
  if (format.find_first_of("0123456789") != std::string_view::npos) return "the format cannot contain digits";
  for (size_t i = 0; i < format.size(); ++i) {
    if (format[i] != '%') continue;
    if (++i == format.size()) return "the format ends with a single %";
    if (kDirectives.find(format[i]) == std::string_view::npos) {
      return std::string("unknown directive %") + format[i] + " in the format";
    }
    if (fraction_digits(format[i]) > 0 && (i < 2 || (format[i - 2] != '.' && format[i - 2] != ','))) {
      return std::string("%") + format[i] + " in the format needs a dot or a comma before it";
    }
  }
  return "";
}
namespace {

struct Parsed {
  std::optional<int64_t> year;
  int64_t month = 1, day = 1;
  int64_t hour = 0, minute = 0, second = 0, nanos = 0;
  int64_t offset_seconds = 0;
  int half = -1;  // 0: AM, 1: PM
};

class TimeParser {
 public:
  TimeParser(std::string_view text, std::string_view format) : rest_(text), format_(wide_format(format)) {}

  bool parse(Parsed& out) {
    for (size_t i = 0; i < format_.size(); ++i) {
      if (is_fraction(i)) {
        i += 2;
        if (!fraction(out.nanos)) return false;
      } else if (format_[i] == '%' && i + 1 < format_.size()) {
        if (!directive(format_[++i], out)) return false;
        // A fraction that the format does not speak of.
        if (format_[i] == 'S' && !is_fraction(i + 1) && !fraction(out.nanos)) return false;
      } else if (format_[i] == ' ') {
        if (!spaces()) return false;
      } else if (!take(format_[i])) {
        return false;
      }
    }
    return rest_.empty();
  }

 private:
  // A dot or comma, and %L, %f or %s.
  bool is_fraction(size_t i) const {
    return i + 2 < format_.size() && (format_[i] == '.' || format_[i] == ',') && format_[i + 1] == '%' &&
           fraction_digits(format_[i + 2]) > 0;
  }
  // One space stands for any number of them.
  bool spaces() {
    if (!rest_.empty() && rest_[0] != ' ') return false;
    rest_.remove_prefix(std::min(rest_.find_first_not_of(' '), rest_.size()));
    return true;
  }
  bool take(char c) {
    if (rest_.empty() || rest_[0] != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  bool number(size_t least, size_t most, int64_t low, int64_t high, int64_t& out) {
    size_t count = 0;
    rest_.remove_prefix(std::min(rest_.find_first_not_of(" \t\n\v\f\r"), rest_.size()));
    out = 0;
    for (; count < most && count < rest_.size() && rest_[count] >= '0' && rest_[count] <= '9'; ++count) {
      out = out * 10 + (rest_[count] - '0');
    }
    rest_.remove_prefix(count);
    return count >= least && out >= low && out <= high;
  }
  static bool same_letters(std::string_view a, std::string_view b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) { return (x | 0x20) == (y | 0x20); });
  }
  template <size_t N>
  bool word(const std::array<std::string_view, N>& words, bool whole, int64_t& out) {
    for (size_t i = 0; i < N; ++i) {
      const std::string_view word = whole ? words[i] : words[i].substr(0, 3);
      if (!same_letters(rest_.substr(0, word.size()), word)) continue;
      rest_.remove_prefix(word.size());
      out = static_cast<int64_t>(i);
      return true;
    }
    return false;
  }
  // A fraction is optional, its separator too; digits beyond nanoseconds do not count.
  bool fraction(int64_t& nanos) {
    nanos = 0;
    if (rest_.size() < 2 || (rest_[0] != '.' && rest_[0] != ',') || rest_[1] < '0' || rest_[1] > '9') return true;
    rest_.remove_prefix(1);
    for (int64_t unit = 100'000'000; !rest_.empty() && rest_[0] >= '0' && rest_[0] <= '9'; unit /= 10) {
      nanos += unit * (rest_[0] - '0');
      rest_.remove_prefix(1);
    }
    return true;
  }
  bool zone(char letter, int64_t& seconds) {
    if (letter == 'z') rest_.remove_prefix(std::min(rest_.find_first_not_of(' '), rest_.size()));
    if (letter == 'z' && take('Z')) return true;
    const bool minus = rest_.starts_with("-");
    if (!minus && !rest_.starts_with("+")) return false;
    rest_.remove_prefix(1);
    // %z takes +0100, +01:00 and +01.
    const bool colons = letter == 'j' || letter == 'k' || (letter == 'z' && rest_.substr(0, 3).ends_with(":"));
    const bool hours = letter == 'i' ||
                       (letter == 'z' && std::min(rest_.find_first_not_of("0123456789"), rest_.size()) == 2 && !colons);
    int64_t parts[3] = {0, 0, 0};
    const size_t count = hours ? 1 : letter == 'w' || letter == 'k' ? 3 : 2;
    for (size_t i = 0; i < count; ++i) {
      if (i > 0 && colons && !take(':')) return false;
      if (!number(2, 2, 0, i == 0 ? 24 : 60, parts[i])) return false;
    }
    seconds = (minus ? -1 : 1) * (parts[0] * 3600 + parts[1] * 60 + parts[2]);
    return true;
  }
  bool half(Parsed& out) {
    const bool pm = rest_.starts_with("PM") || rest_.starts_with("pm");
    if (!pm && !rest_.starts_with("AM") && !rest_.starts_with("am")) return false;
    rest_.remove_prefix(2);
    out.half = pm ? 1 : 0;
    return true;
  }
  bool named_zone() {
    for (std::string_view name : {"UTC", "GMT", "Z"}) {
      if (!rest_.starts_with(name)) continue;
      rest_.remove_prefix(name.size());
      return true;
    }
    return false;
  }
  bool month_or_day(char letter, Parsed& out) {
    int64_t index = 0;
    switch (letter) {
      case 'm':
        return number(1, 2, 1, 12, out.month);
      case 'o':
        take(' ');
        return number(1, 2, 1, 12, out.month);
      case 'q':
        return number(1, 2, 1, 12, out.month);
      case 'b':
      case 'h':
        return word(kMonths, false, index) && ((out.month = index + 1), true);
      case 'B':
        return word(kMonths, true, index) && ((out.month = index + 1), true);
      case 'd':
        return number(1, 2, 1, 31, out.day);
      case 'e':
        take(' ');
        return number(1, 2, 1, 31, out.day);
      case 'g':
        return number(1, 2, 1, 31, out.day);
      case 'a':
        return word(kDays, false, index);
      default:
        return word(kDays, true, index);
    }
  }
  bool directive(char letter, Parsed& out) {
    if (std::string_view("moqbhBdegaA").find(letter) != std::string_view::npos) return month_or_day(letter, out);
    int64_t year = 0;
    switch (letter) {
      case 'Y':
        return number(4, 4, 0, 9999, year) && (out.year = year, true);
      case 'y':
        if (!number(2, 2, 0, 99, year)) return false;
        out.year = year + (year < 69 ? 2000 : 1900);
        return true;
      case 'H':
        return number(1, 2, 0, 23, out.hour);
      case 'I':
        return number(1, 2, 1, 12, out.hour);
      case 'l':
        return number(1, 2, 1, 12, out.hour);
      case 'M':
        return number(1, 2, 0, 59, out.minute);
      case 'S':
        return number(1, 2, 0, 59, out.second);
      case 'p':
      case 'P':
        return half(out);
      case 'Z':
        return named_zone();
      case '%':
        return take('%');
      default:
        return zone(letter, out.offset_seconds);
    }
  }

  std::string_view rest_;
  std::string format_;
};

bool to_nanos(const Parsed& parsed, int64_t& out) {
  using std::chrono::year, std::chrono::month, std::chrono::day;
  int64_t hour = parsed.hour;
  if (parsed.half >= 0) hour = hour % 12 + 12 * parsed.half;
  const std::chrono::year_month_day date{year(static_cast<int>(*parsed.year)),
                                         month(static_cast<unsigned>(parsed.month)),
                                         day(static_cast<unsigned>(parsed.day))};
  if (!date.ok()) return false;
  const int64_t days = std::chrono::sys_days(date).time_since_epoch().count();
  const int64_t seconds = ((days * 24 + hour) * 60 + parsed.minute) * 60 + parsed.second - parsed.offset_seconds;
  if (seconds > INT64_MAX / 1'000'000'000 - 1 || seconds < INT64_MIN / 1'000'000'000 + 1) return false;
  out = seconds * 1'000'000'000 + parsed.nanos;
  return true;
}

}  // namespace

bool parse_time(std::string_view text, std::string_view format, int64_t now, int64_t& nanos) {
  using std::chrono::days, std::chrono::nanoseconds, std::chrono::sys_time;
  Parsed parsed;
  if (!TimeParser(text, format).parse(parsed)) return false;
  if (parsed.year.value_or(0) > 0) return to_nanos(parsed, nanos);
  // Of this year, or of the last one where that is more than a week ahead.
  const auto today = std::chrono::floor<days>(sys_time<nanoseconds>(nanoseconds(now)));
  parsed.year = static_cast<int>(std::chrono::year_month_day(today).year());
  constexpr int64_t kWeek = 7 * 86400 * int64_t{1'000'000'000};
  if (to_nanos(parsed, nanos) && nanos <= now + kWeek) return true;
  --*parsed.year;
  return to_nanos(parsed, nanos);
}

}  // namespace weir::ottl
