// SPDX-License-Identifier: Apache-2.0
#include "connectors/span_metrics/plan.h"

#include <algorithm>
#include <array>

#include "base/binary.h"
#include "connectors/key_hash.h"
#include "otlp/fields.h"
#include "otlp/writer.h"
#include "weir/ids.h"

namespace weir::span_metrics {
namespace {

std::string entry_of(std::string_view key, std::string_view value) {
  otlp::MessageWriter out;
  out.bytes(otlp::field::key_value::kKey, key);
  out.begin(otlp::field::key_value::kValue);
  out.bytes(otlp::field::any_value::kString, value);
  out.end();
  return out.take();
}

// A name that is listed twice, for all metrics and for this one, is one label; the default written last counts.
Dimension& dimension_of(Family& family, uint32_t name) {
  for (Dimension& dimension : family.dimensions) {
    if (dimension.name == name) return dimension;
  }
  return family.dimensions.emplace_back(Dimension{name, ""});
}

void add_dimensions(Plan& plan, Family& family, const std::vector<DimensionConfig>& dimensions) {
  for (const DimensionConfig& d : dimensions) {
    const auto at = std::find(plan.names.begin(), plan.names.end(), d.name);
    const auto index = static_cast<uint32_t>(at - plan.names.begin());
    if (at == plan.names.end()) plan.names.push_back(d.name);
    Dimension& dimension = dimension_of(family, index);
    if (d.default_value) dimension.default_entry = entry_of(d.name, *d.default_value);
  }
}

Family family_of(Plan& plan, const std::vector<DimensionConfig>& own) {
  Family family;
  add_dimensions(plan, family, plan.config.dimensions);
  add_dimensions(plan, family, own);
  return family;
}

void make_families(Plan& plan) {
  const SpanMetricsConfig& config = plan.config;
  Family calls = family_of(plan, config.calls_dimensions);
  calls.calls = true;
  const bool apart = !config.calls_dimensions.empty() || !config.histogram.dimensions.empty();
  calls.durations = !config.histogram.disable && !apart;
  plan.families.push_back(std::move(calls));
  if (!config.histogram.disable && apart) {
    Family durations = family_of(plan, config.histogram.dimensions);
    durations.durations = true;
    plan.families.push_back(std::move(durations));
  }
  if (config.events.enabled) {
    Family events = family_of(plan, config.events.dimensions);
    events.events = true;
    plan.families.push_back(std::move(events));
  }
}

Labels labels_of(const SpanMetricsConfig& config) {
  Labels out{"service.name", "span.name", "span.kind", "status.code", "collector.instance.id"};
  if (config.naming == Naming::kTempo) out = {"service", "span_name", "span_kind", "status_code", ""};
  const std::array<std::pair<std::string*, std::string_view>, 5> all = {{{&out.service, "service.name"},
                                                                         {&out.span_name, "span.name"},
                                                                         {&out.span_kind, "span.kind"},
                                                                         {&out.status_code, "status.code"},
                                                                         {&out.instance_id, "collector.instance.id"}}};
  for (const auto& [label, name] : all) {
    for (const std::string& excluded : config.exclude_dimensions) {
      if (excluded == name || excluded == *label) label->clear();
    }
  }
  return out;
}

void name_metrics(Plan& plan) {
  const bool seconds = plan.config.unit() == DurationUnit::kSeconds;
  std::string prefix =
      plan.config.metrics_namespace.value_or(plan.tempo() ? "traces_spanmetrics" : "traces.span.metrics");
  const char dot = plan.tempo() ? '_' : '.';
  if (!prefix.empty()) prefix += dot;
  plan.calls_name = prefix + "calls";
  plan.events_name = prefix + "events";
  plan.duration_name = prefix + (plan.tempo() ? "latency" : "duration");
  // Tempo's name has no unit in it, so none may be added by an exporter.
  plan.duration_unit = plan.tempo() ? "" : seconds ? "s" : "ms";
}

// A version 4 UUID out of the seed.
std::string uuid_of(uint64_t seed) {
  uint64_t words[2] = {mix64(seed + 0x9e3779b97f4a7c15ULL), mix64(seed ^ 0xd1b54a32d192ed03ULL)};
  std::string hex = to_hex({reinterpret_cast<const char*>(words), sizeof words});
  hex[12] = '4';
  hex[16] = "89ab"[words[1] & 3];
  for (size_t at : {20, 16, 12, 8}) hex.insert(at, "-");
  return hex;
}

}  // namespace

Plan::Plan(const SpanMetricsConfig& from, const ComponentEnv& env)
    : config(from),
      labels(labels_of(from)),
      instance_id(uuid_of(env.seed)),
      buckets(from.bounds(), from.unit() == DurationUnit::kSeconds ? 1e9 : 1e6),
      exponential_size(from.exponential_max_size()),
      seed(env.seed) {
  make_families(*this);
  name_metrics(*this);
}

uint64_t Plan::shape() const {
  std::string text;
  for (const std::string* part : {&calls_name, &duration_name, &duration_unit, &events_name, &labels.service,
                                  &labels.span_name, &labels.span_kind, &labels.status_code, &labels.instance_id}) {
    put_text(text, *part);
  }
  put_varint(text, static_cast<uint64_t>(exponential_size));
  put_fixed(text, buckets.ns_per_unit());
  for (double bound : buckets.bounds()) put_fixed(text, bound);
  text += {tempo() ? 't' : 'c', config.delta() ? 'd' : 'c', config.enable_metrics_sampling_method ? 's' : '-'};
  for (const Family& family : families) {
    text += {family.calls ? 'c' : '-', family.durations ? 'd' : '-', family.events ? 'e' : '-'};
    for (const Dimension& dimension : family.dimensions) {
      put_text(text, names[dimension.name]);
      put_text(text, dimension.default_entry);
    }
  }
  for (const std::string& name : config.resource_metrics_key_attributes) put_text(text, name);
  put_varint(text, config.resource_metrics_key_attributes.size());
  for (const std::string& name : config.include_instrumentation_scope) put_text(text, name);
  return hash_key(text, 0);
}

std::string_view name_of_kind(SpanKind kind) {
  switch (kind) {
    case SpanKind::kUnspecified:
      return "SPAN_KIND_UNSPECIFIED";
    case SpanKind::kInternal:
      return "SPAN_KIND_INTERNAL";
    case SpanKind::kServer:
      return "SPAN_KIND_SERVER";
    case SpanKind::kClient:
      return "SPAN_KIND_CLIENT";
    case SpanKind::kProducer:
      return "SPAN_KIND_PRODUCER";
    case SpanKind::kConsumer:
      return "SPAN_KIND_CONSUMER";
  }
  return "";
}

std::string_view name_of_status(StatusCode status) {
  switch (status) {
    case StatusCode::kUnset:
      return "STATUS_CODE_UNSET";
    case StatusCode::kOk:
      return "STATUS_CODE_OK";
    case StatusCode::kError:
      return "STATUS_CODE_ERROR";
  }
  return "";
}

}  // namespace weir::span_metrics
