// SPDX-License-Identifier: Apache-2.0
#include "exporters/prometheus/page_store.h"

#include <algorithm>

#include "otlp/attributes.h"
#include "weir/ids.h"

namespace weir {
namespace {

using otlp::MetricTemporality;
using otlp::MetricType;

constexpr uint64_t kSeriesOverhead = 256;       // maps, vectors and their like
constexpr size_t kMaxExemplarCharacters = 128;  // of names and values together, by OpenMetrics

FamilyType type_of(const otlp::MetricView& metric) {
  switch (metric.type) {
    case MetricType::kSum:
      return metric.monotonic ? FamilyType::kCounter : FamilyType::kGauge;
    case MetricType::kHistogram:
    case MetricType::kExponentialHistogram:
      return FamilyType::kHistogram;
    case MetricType::kSummary:
      return FamilyType::kSummary;
    default:
      return FamilyType::kGauge;
  }
}

bool has_temporality(MetricType type) { return type != MetricType::kGauge && type != MetricType::kSummary; }

std::string key_of(const LabelPairs& labels) {
  std::string key;
  for (const auto& [name, value] : labels) key.append(name).append(1, '\0').append(value).append(1, '\0');
  return key;
}

uint64_t bytes_of(const std::string& key, const otlp::MetricPoint& point) {
  return kSeriesOverhead + 3 * key.size() + 16 * (point.bounds.size() + point.quantiles.size());
}

size_t characters(const LabelPairs& labels) {
  size_t count = 0;
  for (const auto& [name, value] : labels) {
    for (const char c : name + value) count += (static_cast<unsigned char>(c) & 0xc0) != 0x80 ? 1 : 0;
  }
  return count;
}

// Trace and span id; other attributes only where all fit into what OpenMetrics allows.
PageExemplar exemplar_of(const otlp::PointExemplar& view) {
  PageExemplar out{{}, view.value, view.time_ns};
  if (!view.trace_id.empty()) out.labels.emplace_back("trace_id", to_hex(view.trace_id));
  if (!view.span_id.empty()) out.labels.emplace_back("span_id", to_hex(view.span_id));
  LabelPairs others;
  otlp::for_each_attribute(view.message, otlp::field::exemplar::kFilteredAttributes, [&](const otlp::Attribute& a) {
    others.emplace_back(label_name(a.key, LabelRule::kPage), otlp::to_text(a.value));
  });
  if (characters(out.labels) + characters(others) <= kMaxExemplarCharacters) {
    out.labels.insert(out.labels.end(), others.begin(), others.end());
  }
  return out;
}

void add_exemplars(std::vector<PageExemplar>& out, const otlp::MetricPoint& point) {
  out.clear();
  for (const otlp::PointExemplar& one : point.exemplars) {
    PageExemplar exemplar = exemplar_of(one);
    if (!exemplar.labels.empty()) out.push_back(std::move(exemplar));  // one without labels tells nothing
  }
}

void add_counts(std::vector<uint64_t>& into, const std::vector<uint64_t>& more) {
  for (size_t i = 0; i < into.size() && i < more.size(); ++i) into[i] += more[i];
}

// Deltas add up, late ones too; the time only moves forward. Other bounds start the histogram anew.
void accumulate(PageSeries& series, const otlp::MetricPoint& point) {
  series.value += point.value;
  if (series.bounds == point.bounds && series.bucket_counts.size() == point.bucket_counts.size()) {
    series.count += point.count;
    series.sum += point.sum;
    add_counts(series.bucket_counts, point.bucket_counts);
  } else {
    series.count = point.count;
    series.sum = point.sum;
    series.bounds = point.bounds;
    series.bucket_counts = point.bucket_counts;
  }
}

void replace(PageSeries& series, const otlp::MetricPoint& point) {
  series.value = point.value;
  series.count = point.count;
  series.sum = point.sum;
  series.bounds = point.bounds;
  series.bucket_counts = point.bucket_counts;
  series.quantiles = point.quantiles;
}

}  // namespace

PageStore::PageStore(const PrometheusConfig& config, std::string id, ByteBudget& budget, Log& log)
    : config_(config), id_(std::move(id)), strategy_(config.strategy()), budget_(budget), log_(log) {}

uint64_t PageStore::add(const Batch& batch, Time now) {
  uint64_t refused = 0;
  Source source;
  source.now = now;
  uint32_t resource = UINT32_MAX;
  uint32_t scope = UINT32_MAX;
  for (const ItemRecord& item : batch.items) {
    if (item.scope != scope) {
      scope = item.scope;
      if (!config_.without_scope_info) source.scope = read_scope_labels(batch, scope, LabelRule::kPage);
      if (batch.scopes[scope].resource != resource) {
        resource = batch.scopes[scope].resource;
        source.resource = read_resource_labels(batch, resource);
        add_target(source.resource, now);
      }
    }
    if (otlp::read_metric(batch.view(item.part, item.body), source.metric)) {
      refused += add_metric(source);
    } else {
      refused += item.count;
    }
  }
  return refused;
}

bool PageStore::refuse(const Source& source, std::string_view why) const {
  log_.warn(id_, "series left out of the page",
            {{"metric", std::string(source.metric.name)}, {"reason", std::string(why)}});
  return false;
}

uint64_t PageStore::add_metric(const Source& source) {
  uint64_t refused = 0;
  PageFamily* family = family_of(source);
  otlp::for_each_point(source.metric, [&](std::string_view message) {
    const bool ok = family != nullptr && otlp::read_point(source.metric.type, message, point_);
    if (!ok || !add_point(source, *family)) ++refused;
  });
  return refused;
}

// Null where this metric cannot be shown. The first metric of a name gives its type and help.
PageFamily* PageStore::family_of(const Source& source) {
  if (has_temporality(source.metric.type) && source.metric.temporality == MetricTemporality::kUnspecified)
    return nullptr;
  const std::string name = metric_name(source.metric, config_.metrics_namespace, strategy_);
  if (name.empty()) return nullptr;
  const auto [it, fresh] = families_.try_emplace(name);
  if (fresh) {
    it->second.type = type_of(source.metric);
    it->second.help = source.metric.description;
  }
  if (it->second.type == type_of(source.metric)) return &it->second;
  refuse(source, "another metric of that name has another type");
  return nullptr;
}

std::string PageStore::label(std::string_view key) const {
  return keeps_utf8(strategy_) ? std::string(key) : label_name(key, LabelRule::kPage);
}

// False where two labels have one name, or one has none.
bool PageStore::labels_of_point(const Source& source, LabelPairs& out) const {
  read_point_labels(source.metric.type, point_.message, out);
  add_resource_attributes(config_.resource_to_telemetry_conversion, source.resource, out);
  out.insert(out.end(), source.scope.begin(), source.scope.end());
  for (auto& [key, value] : out) key = label(key);
  if (!source.resource.job.empty()) out.emplace_back("job", source.resource.job);
  if (!source.resource.instance.empty()) out.emplace_back("instance", source.resource.instance);
  out.insert(out.end(), config_.const_labels.begin(), config_.const_labels.end());
  std::sort(out.begin(), out.end());
  for (auto& [key, value] : out) clean_utf8(value);
  const auto same_name = [](const auto& a, const auto& b) { return a.first == b.first; };
  return std::adjacent_find(out.begin(), out.end(), same_name) == out.end() && (out.empty() || !out[0].first.empty());
}

bool PageStore::add_point(const Source& source, PageFamily& family) {
  LabelPairs labels;
  if (!labels_of_point(source, labels)) return refuse(source, "labels collide or have no name");
  if (point_.no_recorded_value) {
    family.series.erase(key_of(labels));
    return true;
  }
  return write_series(source, family, std::move(labels));
}

bool PageStore::write_series(const Source& source, PageFamily& family, LabelPairs labels) {
  const std::string key = key_of(labels);
  const auto [it, fresh] = family.series.try_emplace(key);
  PageSeries& series = it->second;
  if (fresh) {
    series.paid = Reservation::try_take(budget_, bytes_of(key, point_));
    if (!series.paid) {
      family.series.erase(it);
      return refuse(source, "no room in the byte budget");
    }
    series.labels = std::move(labels);
  }
  const bool delta = has_temporality(source.metric.type) && source.metric.temporality == MetricTemporality::kDelta;
  if (!fresh && !delta && point_.time_ns < series.time_ns) return true;  // older than what is shown
  if (delta && !fresh) {
    accumulate(series, point_);
  } else {
    replace(series, point_);
  }
  series.time_ns = std::max(series.time_ns, point_.time_ns);
  series.updated = source.now.mono;
  if (config_.enable_open_metrics && !point_.exemplars.empty()) add_exemplars(series.exemplars, point_);
  return true;
}

// target_info: one series for each (job, instance) that are both known; the resource seen last gives the labels.
void PageStore::add_target(const ResourceLabels& resource, Time now) {
  if (resource.job.empty() || resource.instance.empty()) return;
  const std::string prefix = config_.metrics_namespace.empty() ? "" : config_.metrics_namespace + "_";
  PageFamily& family = families_.try_emplace(prefix + "target_info").first->second;
  if (family.help.empty()) family.help = "Target metadata";
  LabelPairs labels = {{"instance", resource.instance}, {"job", resource.job}};
  PageSeries& series = family.series[key_of(labels)];
  LabelPairs others;
  for (const auto& [key, value] : resource.attributes) {
    const std::string name = label(key);
    if (ResourceLabels::identifying(key) || name.empty() || name == "job" || name == "instance") continue;
    others.emplace_back(name, value);
  }
  join_labels(others, Equal::kTwice);
  labels.insert(labels.end(), others.begin(), others.end());
  std::sort(labels.begin(), labels.end());
  for (auto& [key, value] : labels) clean_utf8(value);
  series.labels = std::move(labels);
  series.value = 1;
  series.updated = now.mono;
}

void PageStore::expire(Time now) {
  for (auto family = families_.begin(); family != families_.end();) {
    std::erase_if(family->second.series,
                  [&](const auto& entry) { return now.mono - entry.second.updated > config_.metric_expiration; });
    family = family->second.series.empty() ? families_.erase(family) : std::next(family);
  }
}

}  // namespace weir
