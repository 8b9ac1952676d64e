// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cctype>

#include "processors/match.h"

namespace weir {

using config::field;

const std::vector<std::pair<std::string, MatchType>>& match_types() {
  static const std::vector<std::pair<std::string, MatchType>> words{{"strict", MatchType::kStrict},
                                                                    {"regexp", MatchType::kRegexp}};
  return words;
}

const config::Fields<MatchAttribute>& MatchAttribute::fields() {
  static const config::Fields<MatchAttribute> table{
      field("key", &MatchAttribute::key, "name of the attribute"),
      config::custom<MatchAttribute>(
          "value", "any",
          [](const config::At& at, MatchAttribute& out) {
            if (!at.value.is_null() && !at.value.broken) out.value = at.value;
          },
          "its value; not written: any"),
  };
  return table;
}

void MatchAttribute::validate(const config::Value& at, const std::string& path, config::Problems& problems) const {
  if (key.empty()) problems.error(at.place, path, "\"key\" cannot be empty");
}

const config::Fields<MatchLibrary>& MatchLibrary::fields() {
  static const config::Fields<MatchLibrary> table{
      field("name", &MatchLibrary::name, "name of the instrumentation scope"),
      field("version", &MatchLibrary::version, "its version; not written: any"),
  };
  return table;
}

const config::Fields<MatchCache>& MatchCache::fields() {
  static const config::Fields<MatchCache> table{
      field("cacheenabled", &MatchCache::enabled, "accepted, does nothing: patterns are matched in linear time"),
      field("cachemaxnumentries", &MatchCache::max_entries, "accepted, does nothing"),
  };
  return table;
}

const config::Fields<MatchSeverity>& MatchSeverity::fields() {
  static const config::Fields<MatchSeverity> table{
      config::custom<MatchSeverity>(
          "min", "string or number",
          [](const config::At& at, MatchSeverity& out) {
            if (at.value.kind == config::Value::Kind::kInt) {
              out.min = std::to_string(at.value.integer);
            } else if (!at.value.is_null()) {
              decode_scalar(at, out.min);
            }
          },
          "the least severity that matches: a name such as WARN, or a number"),
      field("match_undefined", &MatchSeverity::match_undefined, "whether records without a severity match"),
  };
  return table;
}

void MatchSeverity::validate(const config::Value& at, const std::string& path, config::Problems& problems) const {
  if (!min.empty() && !severity_number(min)) {
    problems.error(at.place, path,
                   "\"" + min +
                       "\" is not a valid severity, expected TRACE, DEBUG, INFO, WARN, ERROR, "
                       "FATAL (with 2, 3 or 4 behind it) or a number of 1 to 24");
  }
}

std::optional<int64_t> severity_number(std::string_view name) {
  static constexpr std::string_view kNames[] = {"TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"};
  std::string upper(name);
  std::transform(upper.begin(), upper.end(), upper.begin(), [](unsigned char c) { return std::toupper(c); });
  for (int64_t number = 1; number <= 24; ++number) {
    const int64_t step = (number - 1) % 4;
    std::string candidate(kNames[(number - 1) / 4]);
    if (step > 0) candidate += std::to_string(step + 1);
    if (upper == candidate || upper == std::to_string(number)) return number;
  }
  return std::nullopt;
}

const config::Fields<MatchConfig>& MatchConfig::fields() {
  static const config::Fields<MatchConfig> table{
      config::choice("match_type", &MatchConfig::type, match_types(), "how texts are compared: strict or regexp"),
      field("regexp", &MatchConfig::cache, "accepted, does nothing"),
      field("services", &MatchConfig::services, "service.name of the resource"),
      field("span_names", &MatchConfig::span_names, "names of spans"),
      field("span_kinds", &MatchConfig::span_kinds, "kinds of spans: SPAN_KIND_SERVER and so on"),
      field("log_bodies", &MatchConfig::log_bodies, "bodies of log records that are texts"),
      field("log_severity_texts", &MatchConfig::log_severity_texts, "severity texts of log records"),
      field("log_severity_number", &MatchConfig::log_severity_number, "severity numbers of log records"),
      field("metric_names", &MatchConfig::metric_names, "names of metrics"),
      field("attributes", &MatchConfig::attributes, "attributes of the record, all of them"),
      field("resources", &MatchConfig::resources, "attributes of the resource, all of them"),
      field("libraries", &MatchConfig::libraries, "instrumentation scopes"),
  };
  return table;
}

bool MatchConfig::empty() const {
  return services.empty() && span_names.empty() && span_kinds.empty() && log_bodies.empty() &&
         log_severity_texts.empty() && metric_names.empty() && !log_severity_number && attributes.empty() &&
         resources.empty() && libraries.empty();
}

namespace {

constexpr std::string_view kKinds[] = {"SPAN_KIND_INTERNAL", "SPAN_KIND_SERVER", "SPAN_KIND_CLIENT",
                                       "SPAN_KIND_PRODUCER", "SPAN_KIND_CONSUMER"};

void check_patterns(const std::vector<std::string>& texts, std::string_view key, const config::Value& at,
                    const std::string& path, config::Problems& problems) {
  for (const std::string& text : texts) {
    std::string error;
    if (ottl::Pattern::compile(text, error)) continue;
    problems.error(at.place, config::join_path(path, key), "\"" + text + "\" is not a regular expression: " + error);
  }
}

void check_attribute_patterns(const std::vector<MatchAttribute>& attributes, std::string_view key,
                              const config::Value& at, const std::string& path, config::Problems& problems) {
  for (const MatchAttribute& attribute : attributes) {
    if (!attribute.value) continue;
    if (attribute.value->kind != config::Value::Kind::kString) {
      problems.error(attribute.value->place, config::join_path(path, key),
                     "match_type regexp takes texts only as the value of \"" + attribute.key + "\"");
      continue;
    }
    check_patterns({attribute.value->text}, key, at, path, problems);
  }
}

// A property that the block names although records of the signal have none.
void refuse(bool written, std::string_view key, std::string_view what, const config::At& at) {
  if (!written) return;
  const config::Value* value = at.value.find(key);
  at.problems.error(value != nullptr ? value->place : at.value.place, config::join_path(at.path, key),
                    "not valid for " + std::string(what));
}
// One that the collector takes and never looks at.
void warn_unused(bool written, std::string_view key, std::string_view what, const config::At& at) {
  if (!written) return;
  const config::Value* value = at.value.find(key);
  at.problems.warn(value != nullptr ? value->place : at.value.place, config::join_path(at.path, key),
                   "does nothing for " + std::string(what));
}

}  // namespace

void MatchConfig::validate_in(Signal signal, const config::At& at) const {
  if (signal == Signal::kMetrics) {
    refuse(!services.empty(), "services", "metrics", at);
    refuse(!span_names.empty(), "span_names", "metrics", at);
    refuse(!span_kinds.empty(), "span_kinds", "metrics", at);
    refuse(!log_bodies.empty(), "log_bodies", "metrics", at);
    refuse(!log_severity_texts.empty(), "log_severity_texts", "metrics", at);
    refuse(log_severity_number.has_value(), "log_severity_number", "metrics", at);
    refuse(!attributes.empty(), "attributes", "metrics", at);
    refuse(!libraries.empty(), "libraries", "metrics", at);
    return warn_unused(!resources.empty(), "resources", "metrics", at);
  }
  const bool spans = signal == Signal::kTraces;
  const std::string_view what = spans ? "spans" : "log records";
  refuse(spans && !log_bodies.empty(), "log_bodies", what, at);
  refuse(spans && !log_severity_texts.empty(), "log_severity_texts", what, at);
  refuse(spans && log_severity_number.has_value(), "log_severity_number", what, at);
  refuse(!spans && !services.empty(), "services", what, at);
  refuse(!spans && !span_names.empty(), "span_names", what, at);
  refuse(!spans && !span_kinds.empty(), "span_kinds", what, at);
  refuse(!metric_names.empty(), "metric_names", what, at);
}

void validate_blocks_in(Signal signal, const std::optional<MatchConfig>& include,
                        const std::optional<MatchConfig>& exclude, const config::At& at) {
  const auto check = [&](const std::optional<MatchConfig>& block, std::string_view key) {
    const config::Value* value = at.value.find(key);
    if (block && value != nullptr) block->validate_in(signal, {*value, config::join_path(at.path, key), at.problems});
  };
  check(include, "include");
  check(exclude, "exclude");
}

void MatchConfig::validate(const config::Value& at, const std::string& path, config::Problems& problems) const {
  if (type == MatchType::kUnset) {
    return problems.error(at.place, path, "\"match_type\" is missing, expected one of: strict, regexp");
  }
  if (empty()) problems.error(at.place, path, "nothing is matched: give services, span_names, attributes or the like");
  if (type == MatchType::kStrict) {
    for (const std::string& kind : span_kinds) {
      if (std::find(std::begin(kKinds), std::end(kKinds), kind) != std::end(kKinds)) continue;
      problems.error(at.place, config::join_path(path, "span_kinds"),
                     "unknown kind \"" + kind +
                         "\", expected one of: SPAN_KIND_INTERNAL, SPAN_KIND_SERVER, "
                         "SPAN_KIND_CLIENT, SPAN_KIND_PRODUCER, SPAN_KIND_CONSUMER");
    }
    return;
  }
  check_patterns(services, "services", at, path, problems);
  check_patterns(span_names, "span_names", at, path, problems);
  check_patterns(span_kinds, "span_kinds", at, path, problems);
  check_patterns(log_bodies, "log_bodies", at, path, problems);
  check_patterns(log_severity_texts, "log_severity_texts", at, path, problems);
  check_patterns(metric_names, "metric_names", at, path, problems);
  check_attribute_patterns(attributes, "attributes", at, path, problems);
  check_attribute_patterns(resources, "resources", at, path, problems);
  for (const MatchLibrary& library : libraries) {
    check_patterns({library.name, library.version.value_or("")}, "libraries", at, path, problems);
  }
}

}  // namespace weir
