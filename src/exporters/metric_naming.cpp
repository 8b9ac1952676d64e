// SPDX-License-Identifier: Apache-2.0
#include "exporters/metric_naming.h"

#include <algorithm>

namespace weir {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_alnum(char c) { return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool continues_character(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }

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

using Words = std::pair<std::string_view, std::string_view>;

// UCUM units as Prometheus writes them.
constexpr Words kUnits[] = {
    {"d", "days"},         {"h", "hours"},        {"min", "minutes"},     {"s", "seconds"},      {"ms", "milliseconds"},
    {"By", "bytes"},       {"KiBy", "kibibytes"}, {"us", "microseconds"}, {"ns", "nanoseconds"}, {"MiBy", "mebibytes"},
    {"GiBy", "gibibytes"}, {"TiBy", "tibibytes"}, {"KBy", "kilobytes"},   {"MBy", "megabytes"},  {"GBy", "gigabytes"},
    {"TBy", "terabytes"},  {"m", "meters"},       {"V", "volts"},         {"A", "amperes"},      {"J", "joules"},
    {"W", "watts"},        {"g", "grams"},        {"Cel", "celsius"},     {"Hz", "hertz"},       {"1", ""},
    {"%", "percent"}};
// Of other times, minutes too, the collector leaves the name as it is.
constexpr Words kPerUnits[] = {{"s", "second"}, {"m", "minute"}, {"h", "hour"}, {"d", "day"},
                               {"w", "week"},   {"mo", "month"}, {"y", "year"}};

enum class Keep { kAlnumAndColon, kUnderscoresToo };

// The runs of characters that are kept; all else separates.
std::vector<std::string> tokens_of(std::string_view text, Keep keep) {
  std::vector<std::string> tokens;
  std::string token;
  for (const char c : text) {
    if (is_alnum(c) || c == ':' || (keep == Keep::kUnderscoresToo && c == '_')) {
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
  return std::string(unit);
}

struct UnitWords {
  std::string main, per;  // per: with "per_" before it
};

UnitWords words_of_unit(std::string_view unit) {
  const size_t slash = unit.find('/');
  UnitWords words;
  words.main = unit_word(kUnits, unit.substr(0, slash));
  if (slash != std::string_view::npos) words.per = unit_word(kPerUnits, unit.substr(slash + 1));
  if (!words.per.empty()) words.per.insert(0, "per_");
  return words;
}

// A unit's word as a part of a name: no two underscores together and none in front.
std::string clean_word(std::string_view word) {
  std::string out = collapse_underscores(replace_characters(word, true));
  if (out.starts_with('_')) out.erase(0, 1);
  return out;
}

UnitWords clean_words(UnitWords words) {
  words = {clean_word(words.main), clean_word(words.per)};
  if (words.per.ends_with('_')) words.per.pop_back();
  if (words.per == "per") words.per.clear();
  return words;
}

bool is_counter(const otlp::MetricView& m) { return m.type == otlp::MetricType::kSum && m.monotonic; }
bool is_ratio(const otlp::MetricView& m) { return m.type == otlp::MetricType::kGauge && m.unit == "1"; }

void move_to_end(std::vector<std::string>& tokens, const std::string& token) {
  std::erase(tokens, token);
  tokens.push_back(token);
}

std::string with_suffixes(const otlp::MetricView& metric) {
  std::vector<std::string> tokens = tokens_of(metric.name, Keep::kAlnumAndColon);
  UnitWords unit = clean_words(words_of_unit(metric.unit));
  const bool has_unit = std::find(tokens.begin(), tokens.end(), unit.main) != tokens.end();
  if (!unit.per.empty() && unit.main.ends_with('_')) unit.main.pop_back();
  if (!unit.main.empty() && !has_unit) tokens.push_back(unit.main);
  if (!unit.per.empty()) tokens.push_back(unit.per);
  if (is_counter(metric)) move_to_end(tokens, "total");
  if (is_ratio(metric)) move_to_end(tokens, "ratio");
  return join(tokens);
}

// Without `suffix` at its end and the one character before it.
void trim_suffix(std::string& name, std::string_view suffix) {
  if (name.ends_with(suffix) && name.size() > suffix.size() + 1) name.resize(name.size() - suffix.size() - 1);
}

std::string utf8_with_suffixes(const otlp::MetricView& metric, std::string name) {
  const std::string_view kind = is_ratio(metric) ? "ratio" : is_counter(metric) ? "total" : "";
  const UnitWords unit = words_of_unit(metric.unit);
  if (!kind.empty()) trim_suffix(name, kind);
  if (!unit.per.empty()) trim_suffix(name, unit.per);
  if (!unit.main.empty() && !name.ends_with(unit.main)) name += "_" + unit.main;
  if (!unit.per.empty()) name += "_" + unit.per;
  if (!kind.empty()) name.append("_").append(kind);
  return name;
}

// "" where nothing but underscores is left of what was written.
std::string classic_name(std::string name, std::string_view prefix, std::string_view written) {
  name.insert(0, replace_characters(prefix, true));
  if (!name.empty() && is_digit(name[0])) name.insert(0, "_");
  if (name != written && name.find_first_not_of('_') == std::string::npos) name.clear();
  return name;
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
  const std::string prefix = ns.empty() ? "" : std::string(ns) + "_";
  switch (strategy) {
    case NameStrategy::kUntranslated:
      return prefix + std::string(metric.name);
    case NameStrategy::kUtf8WithSuffixes:
      return utf8_with_suffixes(metric, prefix + std::string(metric.name));
    case NameStrategy::kUnderscoresWithSuffixes:
      return classic_name(with_suffixes(metric), prefix, metric.name);
    case NameStrategy::kUnderscoresWithoutSuffixes:
      return classic_name(join(tokens_of(metric.name, Keep::kUnderscoresToo)), prefix, metric.name);
  }
  return "";
}

std::string unit_name(std::string_view unit) {
  const UnitWords words = clean_words(words_of_unit(unit));
  std::string out = words.main;
  if (!out.empty() && !words.per.empty()) out += '_';
  out += words.per;
  if (out.ends_with('_')) out.pop_back();
  return out;
}

std::string label_name(std::string_view key, LabelRule rule) {
  std::string name = rule == LabelRule::kPage ? replace_characters(key, false) : remote_write_label(key);
  if (!name.empty() && is_digit(name[0])) name.insert(0, "key_");
  return name;
}

void join_labels(LabelPairs& labels, Equal equal) {
  const auto by_name = [](const auto& a, const auto& b) { return a.first < b.first; };
  std::stable_sort(labels.begin(), labels.end(), by_name);
  size_t kept = 0;
  for (size_t i = 0; i < labels.size(); ++i) {
    if (kept == 0 || labels[kept - 1].first != labels[i].first) {
      if (kept != i) labels[kept] = std::move(labels[i]);
      ++kept;
    } else if (equal == Equal::kTwice || labels[kept - 1].second != labels[i].second) {
      labels[kept - 1].second += ";" + labels[i].second;
    }
  }
  labels.resize(kept);
}

std::string escape_name(std::string_view name, bool metric) {
  std::string out = replace_characters(name, metric);
  if (!out.empty() && is_digit(out[0])) out[0] = '_';
  return out;
}

}  // namespace weir
