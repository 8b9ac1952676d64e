// SPDX-License-Identifier: Apache-2.0
#include "exporters/metric_naming.h"

#include <algorithm>

namespace weir {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_alnum(char c) { return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool continues_character(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }

using Words = std::pair<std::string_view, std::string_view>;

// UCUM units as Prometheus writes them.
constexpr Words kUnits[] = {{"d", "days"},          {"h", "hours"},
                            {"min", "minutes"},     {"s", "seconds"},
                            {"ms", "milliseconds"}, {"us", "microseconds"},
                            {"µs", "microseconds"}, {"ns", "nanoseconds"},
                            {"By", "bytes"},        {"KiBy", "kibibytes"},
                            {"MiBy", "mebibytes"},  {"GiBy", "gibibytes"},
                            {"TiBy", "tibibytes"},  {"KBy", "kilobytes"},
                            {"MBy", "megabytes"},   {"GBy", "gigabytes"},
                            {"TBy", "terabytes"},   {"m", "meters"},
                            {"V", "volts"},         {"A", "amperes"},
                            {"J", "joules"},        {"W", "watts"},
                            {"g", "grams"},         {"Cel", "celsius"},
                            {"Hz", "hertz"},        {"1", ""},
                            {"%", "percent"}};
constexpr Words kPerUnits[] = {{"s", "second"}, {"m", "minute"}, {"min", "minute"}, {"h", "hour"},
                               {"d", "day"},    {"w", "week"},   {"mo", "month"},   {"y", "year"}};

// Runs of letters, digits and (in names) colons; all else separates.
std::vector<std::string> tokens_of(std::string_view text, bool colons) {
  std::vector<std::string> tokens;
  std::string token;
  for (const char c : text) {
    if (is_alnum(c) || (colons && c == ':')) {
      token += c;
    } else if (!token.empty()) {
      tokens.push_back(std::exchange(token, {}));
    }
  }
  if (!token.empty()) tokens.push_back(std::move(token));
  return tokens;
}

std::string join(const std::vector<std::string>& tokens) {
  std::string out;
  for (const std::string& token : tokens) out += (out.empty() ? "" : "_") + token;
  return out;
}

template <size_t N>
std::string unit_word(const Words (&table)[N], std::string_view unit) {
  while (unit.starts_with(' ')) unit.remove_prefix(1);
  while (unit.ends_with(' ')) unit.remove_suffix(1);
  if (unit.find_first_of("{}") != std::string_view::npos) return "";  // an annotation
  for (const auto& [ucum, word] : table) {
    if (ucum == unit) return std::string(word);
  }
  return join(tokens_of(unit, false));
}

struct UnitWords {
  std::string main, per;
};

UnitWords words_of_unit(std::string_view unit) {
  const size_t slash = unit.find('/');
  UnitWords words;
  words.main = unit_word(kUnits, unit.substr(0, slash));
  if (slash != std::string_view::npos) words.per = unit_word(kPerUnits, unit.substr(slash + 1));
  return words;
}

bool is_counter(const otlp::MetricView& m) { return m.type == otlp::MetricType::kSum && m.monotonic; }
bool is_ratio(const otlp::MetricView& m) { return m.type == otlp::MetricType::kGauge && m.unit == "1"; }

void move_to_end(std::vector<std::string>& tokens, const std::string& token) {
  std::erase(tokens, token);
  tokens.push_back(token);
}

std::string with_suffixes(const otlp::MetricView& metric) {
  std::vector<std::string> tokens = tokens_of(metric.name, true);
  const auto has = [&](const std::string& token) {
    return std::find(tokens.begin(), tokens.end(), token) != tokens.end();
  };
  const UnitWords unit = words_of_unit(metric.unit);
  const bool add_per = !unit.per.empty() && !has(unit.per);
  if (!unit.main.empty() && !has(unit.main)) tokens.push_back(unit.main);
  if (add_per) {
    tokens.push_back("per");
    tokens.push_back(unit.per);
  }
  if (is_counter(metric)) move_to_end(tokens, "total");
  if (is_ratio(metric)) move_to_end(tokens, "ratio");
  return join(tokens);
}

void add_suffix(std::string& name, const std::string& suffix) {
  if (!suffix.empty() && !name.ends_with("_" + suffix)) name += "_" + suffix;
}

std::string utf8_with_suffixes(const otlp::MetricView& metric) {
  std::string name(metric.name);
  if (is_counter(metric) && name.ends_with("_total")) name.resize(name.size() - 6);
  if (is_ratio(metric) && name.ends_with("_ratio")) name.resize(name.size() - 6);
  const UnitWords unit = words_of_unit(metric.unit);
  add_suffix(name, unit.main);
  if (!unit.per.empty()) add_suffix(name, "per_" + unit.per);
  if (is_counter(metric)) name += "_total";
  if (is_ratio(metric)) name += "_ratio";
  return name;
}

// One `_` for each character that is not allowed; bytes that are no UTF-8 count as characters.
std::string replace_characters(std::string_view text, bool colons) {
  std::string out;
  bool replacing = false;
  for (const char c : text) {
    if (replacing && continues_character(c)) continue;
    const bool allowed = is_alnum(c) || c == '_' || (colons && c == ':');
    replacing = !allowed && (static_cast<unsigned char>(c) & 0xc0) == 0xc0;
    out += allowed ? c : '_';
  }
  return out;
}

std::string collapse_underscores(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c != '_' || out.empty() || out.back() != '_') out += c;
  }
  return out;
}

std::string remote_write_label(std::string_view key) {
  const bool reserved = key.size() > 4 && key.starts_with("__") && key.ends_with("__");
  if (reserved) return "__" + collapse_underscores(replace_characters(key.substr(2, key.size() - 4), false)) + "__";
  std::string name = collapse_underscores(replace_characters(key, false));
  if (name.starts_with('_')) name.insert(0, "key");
  return name;
}

}  // namespace

std::optional<NameStrategy> parse_name_strategy(std::string_view word) {
  static constexpr std::pair<std::string_view, NameStrategy> kWords[] = {
      {"UnderscoreEscapingWithSuffixes", NameStrategy::kUnderscoresWithSuffixes},
      {"UnderscoreEscapingWithoutSuffixes", NameStrategy::kUnderscoresWithoutSuffixes},
      {"NoUTF8EscapingWithSuffixes", NameStrategy::kUtf8WithSuffixes},
      {"NoTranslation", NameStrategy::kUntranslated}};
  for (const auto& [name, strategy] : kWords) {
    if (name == word) return strategy;
  }
  return std::nullopt;
}

std::string bad_strategy(std::string_view word) {
  const std::string near = config::nearest(word, {"UnderscoreEscapingWithSuffixes", "UnderscoreEscapingWithoutSuffixes",
                                                  "NoUTF8EscapingWithSuffixes", "NoTranslation"});
  return "invalid translation_strategy: " + std::string(word) +
         ", expected one of: UnderscoreEscapingWithSuffixes, UnderscoreEscapingWithoutSuffixes, "
         "NoUTF8EscapingWithSuffixes, NoTranslation" +
         (near.empty() ? "" : "; did you mean \"" + near + "\"?");
}

std::string metric_name(const otlp::MetricView& metric, std::string_view ns, NameStrategy strategy) {
  std::string name;
  switch (strategy) {
    case NameStrategy::kUnderscoresWithSuffixes:
      name = with_suffixes(metric);
      break;
    case NameStrategy::kUnderscoresWithoutSuffixes:
      name = join(tokens_of(metric.name, true));
      break;
    case NameStrategy::kUtf8WithSuffixes:
      name = utf8_with_suffixes(metric);
      break;
    case NameStrategy::kUntranslated:
      name = metric.name;
      break;
  }
  if (!ns.empty()) name = (keeps_utf8(strategy) ? std::string(ns) : join(tokens_of(ns, true))) + "_" + name;
  if (!keeps_utf8(strategy) && !name.empty() && is_digit(name[0])) name.insert(0, "_");
  return name;
}

std::string label_name(std::string_view key, LabelRule rule) {
  std::string name = rule == LabelRule::kPage ? replace_characters(key, false) : remote_write_label(key);
  if (!name.empty() && is_digit(name[0])) name.insert(0, "key_");
  return name;
}

std::string escape_name(std::string_view name, bool metric) {
  std::string out = replace_characters(name, metric);
  if (!out.empty() && is_digit(out[0])) out[0] = '_';
  return out;
}

}  // namespace weir
