// SPDX-License-Identifier: Apache-2.0
#include "processors/match.h"

#include <algorithm>

#include "otlp/fields.h"

namespace weir {

namespace field = otlp::field;
using ottl::Frame;
using ottl::Level;

ottl::Value attribute_value(const config::Value& value, ottl::Unit& unit) {
  using Kind = config::Value::Kind;
  switch (value.kind) {
    case Kind::kNull:
      return {};
    case Kind::kBool:
      return ottl::Value::of_bool(value.boolean);
    case Kind::kInt:
      return ottl::Value::of_int(value.integer);
    case Kind::kDouble:
      return ottl::Value::of_double(value.real);
    case Kind::kString:
      return ottl::owned_string(value.text, unit.constants);
    case Kind::kList: {
      std::vector<ottl::Value> values;
      for (const config::Value& element : value.list) values.push_back(attribute_value(element, unit));
      return ottl::Value::of_list(make_list(values, unit.constants));
    }
    case Kind::kMap:
      break;
  }
  ottl::MapBuilder builder(unit.constants);
  for (const auto& [key, element] : value.map) {
    builder.put(unit.constants.copy(key), attribute_value(element, unit));
  }
  return ottl::Value::of_map(builder.build());
}

TextSet::TextSet(std::vector<std::string> texts, MatchType type) {
  if (type == MatchType::kStrict) {
    texts_ = std::move(texts);
    return;
  }
  std::string checked_before;
  for (const std::string& text : texts) {
    if (auto pattern = ottl::Pattern::compile(text, checked_before)) patterns_.push_back(std::move(pattern));
  }
}

bool TextSet::matches(std::string_view text) const {
  return std::find(texts_.begin(), texts_.end(), text) != texts_.end() ||
         std::any_of(patterns_.begin(), patterns_.end(), [text](const auto& one) { return one->matches(text); });
}

Match::Match(const MatchConfig& config, ottl::Unit& unit, Signal signal)
    : signal_(signal),
      services_(config.services, config.type),
      span_names_(config.span_names, config.type),
      span_kinds_(config.span_kinds, config.type),
      log_bodies_(config.log_bodies, config.type),
      severity_texts_(config.log_severity_texts, config.type),
      metric_names_(config.metric_names, config.type),
      service_slot_(unit.keys[0].slot_of("service.name")),
      attributes_(compiled(config.attributes, config.type, unit, Level::kItem)),
      resources_(compiled(config.resources, config.type, unit, Level::kResource)) {
  if (config.log_severity_number) {
    least_severity_ = severity_number(config.log_severity_number->min).value_or(0);
    match_undefined_ = config.log_severity_number->match_undefined;
  }
  for (const MatchLibrary& library : config.libraries) {
    std::optional<TextSet> version;
    if (library.version) version = TextSet({*library.version}, config.type);
    libraries_.emplace_back(TextSet({library.name}, config.type), std::move(version));
  }
}

std::vector<Match::Attribute> Match::compiled(const std::vector<MatchAttribute>& from, MatchType type, ottl::Unit& unit,
                                              Level level) const {
  std::vector<Attribute> result;
  for (const MatchAttribute& attribute : from) {
    Attribute one;
    one.slot = unit.keys[static_cast<size_t>(level)].slot_of(attribute.key);
    if (attribute.value && type == MatchType::kRegexp) one.pattern = TextSet({attribute.value->text}, type);
    if (attribute.value && type == MatchType::kStrict) one.value = attribute_value(*attribute.value, unit);
    result.push_back(std::move(one));
  }
  return result;
}

bool Match::all_match(const std::vector<Attribute>& attributes, Frame& frame, Level level) {
  return std::all_of(attributes.begin(), attributes.end(), [&](const Attribute& attribute) {
    if (!frame.has_attribute(level, attribute.slot)) return false;
    const ottl::Value value = frame.attribute(level, attribute.slot);
    if (attribute.value) return same(*attribute.value, value);
    if (attribute.pattern.empty()) return true;
    if (value.is_nil() || value.type > ottl::Type::kString) return false;
    std::string text;
    append_text(value, text);
    return attribute.pattern.matches(text);
  });
}

bool Match::libraries_match(Frame& frame) const {
  const auto& scope = frame.level(Level::kScope).edit;
  for (const auto& [name, version] : libraries_) {
    if (!name.matches(scope.bytes(field::scope::kName).value_or(""))) return false;
    if (version && !version->matches(scope.bytes(field::scope::kVersion).value_or(""))) return false;
  }
  return true;
}

bool Match::span_matches(Frame& frame) const {
  static constexpr std::string_view kKinds[] = {"SPAN_KIND_UNSPECIFIED", "SPAN_KIND_INTERNAL", "SPAN_KIND_SERVER",
                                                "SPAN_KIND_CLIENT",      "SPAN_KIND_PRODUCER", "SPAN_KIND_CONSUMER"};
  const auto kind = static_cast<size_t>(frame.span().kind);
  if (!span_names_.empty() && !span_names_.matches(frame.batch().name(frame.span()))) return false;
  return span_kinds_.empty() || span_kinds_.matches(kind < std::size(kKinds) ? kKinds[kind] : std::string_view());
}

bool Match::log_matches(Frame& frame) const {
  const auto& record = frame.message();
  if (!log_bodies_.empty()) {
    const auto body = record.bytes(field::log_record::kBody);
    const otlp::AnyValue value = otlp::parse_any_value(body.value_or(std::string_view()));
    if (!value.is_string() || !log_bodies_.matches(value.bytes)) return false;
  }
  if (!severity_texts_.empty() &&
      !severity_texts_.matches(record.bytes(field::log_record::kSeverityText).value_or(""))) {
    return false;
  }
  if (!least_severity_) return true;
  const auto severity = static_cast<int64_t>(record.number(field::log_record::kSeverityNumber).value_or(0));
  return severity == 0 ? match_undefined_ : severity >= *least_severity_;
}

bool Match::matches(Frame& frame) const {
  if (!services_.empty()) {
    std::string service = "<nil-service-name>";
    if (frame.has_attribute(Level::kResource, service_slot_)) {
      service.clear();
      append_text(frame.attribute(Level::kResource, service_slot_), service);
    }
    if (!services_.matches(service)) return false;
  }
  if (signal_ == Signal::kTraces && !span_matches(frame)) return false;
  if (signal_ == Signal::kLogs && !log_matches(frame)) return false;
  if (signal_ == Signal::kMetrics && !metric_names_.empty() &&
      !metric_names_.matches(frame.message().bytes(field::metric::kName).value_or(""))) {
    return false;
  }
  return libraries_match(frame) && all_match(resources_, frame, Level::kResource) &&
         all_match(attributes_, frame, Level::kItem);
}

Selection::Selection(const std::optional<MatchConfig>& include, const std::optional<MatchConfig>& exclude,
                     ottl::Unit& unit, Signal signal) {
  if (include) include_.emplace(*include, unit, signal);
  if (exclude) exclude_.emplace(*exclude, unit, signal);
}

}  // namespace weir
