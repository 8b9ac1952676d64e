// SPDX-License-Identifier: Apache-2.0
#include "processors/filter/config.h"

namespace weir {

using config::field;

namespace {

template <class T>
config::Field<T> conditions(std::string_view key, ottl::Context context, std::vector<std::string> T::*member,
                            std::string_view doc) {
  return config::custom<T>(
      key, "list of conditions",
      [context, member](const config::At& at, T& out) {
        if (!at.value.is_null()) ottl::decode_conditions(at, context, out.*member);
      },
      doc);
}

config::Field<FilterConfig> groups(std::string_view key, Signal signal,
                                   std::vector<ottl::GroupConfig> FilterConfig::*member) {
  return config::custom<FilterConfig>(
      key, "list of conditions or groups",
      [signal, member](const config::At& at, FilterConfig& out) {
        ottl::decode_groups(at, signal, false, out.*member);
      },
      "a record is dropped where one of these conditions holds; their contexts are inferred");
}

template <class T>
config::Field<T> match_type(MatchType T::*member) {
  return config::choice("match_type", member, match_types(), "how texts are compared: strict or regexp");
}

void need_type(MatchType type, const config::Value& at, const std::string& path, config::Problems& problems) {
  if (type != MatchType::kUnset) return;
  problems.error(at.place, path, "\"match_type\" is missing, expected one of: strict, regexp");
}

}  // namespace

const config::Fields<FilterSpans>& FilterSpans::fields() {
  static const config::Fields<FilterSpans> table{
      field("include", &FilterSpans::include, "spans that stay; all others are dropped"),
      field("exclude", &FilterSpans::exclude, "spans that are dropped"),
  };
  return table;
}

const config::Fields<FilterMetricMatch>& FilterMetricMatch::fields() {
  static const config::Fields<FilterMetricMatch> table{
      match_type(&FilterMetricMatch::type),
      field("regexp", &FilterMetricMatch::cache, "accepted, does nothing"),
      field("metric_names", &FilterMetricMatch::names, "names of metrics"),
      field("resource_attributes", &FilterMetricMatch::resource_attributes, "attributes of the resource, all of them"),
      config::unsupported<FilterMetricMatch>("expressions", "not supported: write an OTTL condition"),
  };
  return table;
}

MatchConfig FilterMetricMatch::as_match() const {
  MatchConfig match;
  match.type = type;
  match.metric_names = names;
  match.resources = resource_attributes;
  return match;
}

void FilterMetricMatch::validate(const config::Value& at, const std::string& path, config::Problems& problems) const {
  need_type(type, at, path, problems);
  if (type != MatchType::kUnset && !as_match().empty()) as_match().validate(at, path, problems);
}

const config::Fields<FilterLogMatch>& FilterLogMatch::fields() {
  static const config::Fields<FilterLogMatch> table{
      match_type(&FilterLogMatch::type),
      field("resource_attributes", &FilterLogMatch::resource_attributes, "attributes of the resource, all of them"),
      field("record_attributes", &FilterLogMatch::record_attributes, "attributes of the record, all of them"),
      field("severity_texts", &FilterLogMatch::severity_texts, "severity texts"),
      field("severity_number", &FilterLogMatch::severity_number, "severity numbers"),
      field("bodies", &FilterLogMatch::bodies, "bodies that are texts"),
  };
  return table;
}

MatchConfig FilterLogMatch::as_match() const {
  MatchConfig match;
  match.type = type;
  match.resources = resource_attributes;
  match.attributes = record_attributes;
  match.log_severity_texts = severity_texts;
  match.log_severity_number = severity_number;
  match.log_bodies = bodies;
  return match;
}

void FilterLogMatch::validate(const config::Value& at, const std::string& path, config::Problems& problems) const {
  MatchConfig texts = as_match();
  texts.log_severity_number.reset();  // a number is compared without one
  if (!texts.empty()) need_type(type, at, path, problems);
  if (type != MatchType::kUnset && !as_match().empty()) as_match().validate(at, path, problems);
}

const config::Fields<FilterTraces>& FilterTraces::fields() {
  static const config::Fields<FilterTraces> table{
      conditions("resource", ottl::Context::kResource, &FilterTraces::resource, "resources that are dropped"),
      conditions("span", ottl::Context::kSpan, &FilterTraces::span, "spans that are dropped"),
      conditions("spanevent", ottl::Context::kSpanEvent, &FilterTraces::spanevent, "events that are taken out"),
  };
  return table;
}

const config::Fields<FilterMetrics>& FilterMetrics::fields() {
  static const config::Fields<FilterMetrics> table{
      field("include", &FilterMetrics::include, "metrics that stay; all others are dropped"),
      field("exclude", &FilterMetrics::exclude, "metrics that are dropped"),
      config::unsupported<FilterMetrics>("regexp"),
      conditions("resource", ottl::Context::kResource, &FilterMetrics::resource, "resources that are dropped"),
      conditions("metric", ottl::Context::kMetric, &FilterMetrics::metric, "metrics that are dropped"),
      conditions("datapoint", ottl::Context::kDataPoint, &FilterMetrics::datapoint, "data points that are taken out"),
  };
  return table;
}

const config::Fields<FilterLogs>& FilterLogs::fields() {
  static const config::Fields<FilterLogs> table{
      field("include", &FilterLogs::include, "records that stay; all others are dropped"),
      field("exclude", &FilterLogs::exclude, "records that are dropped"),
      conditions("resource", ottl::Context::kResource, &FilterLogs::resource, "resources that are dropped"),
      conditions("log_record", ottl::Context::kLog, &FilterLogs::log_record, "log records that are dropped"),
  };
  return table;
}

const config::Fields<FilterConfig>& FilterConfig::fields() {
  static const config::Fields<FilterConfig> table{
      config::choice("error_mode", &FilterConfig::error_mode, ottl::error_modes(),
                     "what a failing condition leads to: the batch is dropped (propagate), or the condition does not "
                     "hold, with a line in the log (ignore) or without (silent)"),
      field("spans", &FilterConfig::spans, "spans by include and exclude blocks (old form)"),
      field("traces", &FilterConfig::traces, "OTTL conditions on traces"),
      field("metrics", &FilterConfig::metrics, "OTTL conditions on metrics, or include and exclude blocks"),
      field("logs", &FilterConfig::logs, "OTTL conditions on logs, or include and exclude blocks"),
      groups("trace_conditions", Signal::kTraces, &FilterConfig::trace_conditions),
      groups("metric_conditions", Signal::kMetrics, &FilterConfig::metric_conditions),
      groups("log_conditions", Signal::kLogs, &FilterConfig::log_conditions),
      config::unsupported<FilterConfig>("profiles"),
      config::unsupported<FilterConfig>("profile_conditions"),
  };
  return table;
}

void FilterConfig::validate(const config::Value& at, const std::string& path, config::Problems& problems) const {
  const auto clash = [&](bool first, bool second, const std::string& words) {
    if (first && second) problems.error(at.place, path, words + " cannot be used at the same time");
  };
  const bool traces_used = !traces.resource.empty() || !traces.span.empty() || !traces.spanevent.empty();
  const bool metrics_used = !metrics.resource.empty() || !metrics.metric.empty() || !metrics.datapoint.empty();
  const bool logs_used = !logs.resource.empty() || !logs.log_record.empty();
  clash(traces_used, spans.include || spans.exclude, "\"traces\" and \"spans\"");
  clash(metrics_used, metrics.include || metrics.exclude, "conditions of \"metrics\" and its include or exclude");
  clash(logs_used, logs.include || logs.exclude, "conditions of \"logs\" and its include or exclude");
  clash(!trace_conditions.empty(), traces_used || spans.include || spans.exclude,
        "\"trace_conditions\" and the older forms");
  clash(!metric_conditions.empty(), metrics_used || metrics.include || metrics.exclude,
        "\"metric_conditions\" and the older forms");
  clash(!log_conditions.empty(), logs_used || logs.include || logs.exclude, "\"log_conditions\" and the older forms");
}

void FilterConfig::validate_in(Signal signal, const config::At& at) const {
  const config::Value* block = at.value.find("spans");
  if (signal != Signal::kTraces || block == nullptr) return;
  validate_blocks_in(signal, spans.include, spans.exclude, {*block, config::join_path(at.path, "spans"), at.problems});
}

}  // namespace weir
