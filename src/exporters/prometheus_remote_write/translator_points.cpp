// SPDX-License-Identifier: Apache-2.0
// What the types of OTLP points become.
#include <algorithm>
#include <limits>

#include "exporters/prometheus_remote_write/native_histogram.h"
#include "exporters/prometheus_remote_write/translator.h"
#include "otlp/attributes.h"
#include "weir/ids.h"

namespace weir {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr size_t kMaxExemplarLabels = 128;  // characters of names and values, by the specification

size_t characters(std::string_view text) {
  return static_cast<size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

// Trace and span id first; other attributes only where they fit.
LabelPairs labels_of(const otlp::PointExemplar& exemplar) {
  LabelPairs labels;
  if (!exemplar.trace_id.empty()) labels.emplace_back("trace_id", to_hex(exemplar.trace_id));
  if (!exemplar.span_id.empty()) labels.emplace_back("span_id", to_hex(exemplar.span_id));
  size_t used = 0;
  for (const auto& [name, value] : labels) used += name.size() + value.size();
  LabelPairs others;
  otlp::for_each_attribute(exemplar.message, otlp::field::exemplar::kFilteredAttributes, [&](const otlp::Attribute& a) {
    others.emplace_back(label_name(a.key, LabelRule::kRemoteWrite), otlp::to_text(a.value));
    clean_utf8(others.back().second);
    used += characters(others.back().first) + characters(others.back().second);
  });
  if (used <= kMaxExemplarLabels) labels.insert(labels.end(), others.begin(), others.end());
  std::stable_sort(labels.begin(), labels.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  const auto same = [](const auto& a, const auto& b) { return a.first == b.first; };
  labels.erase(std::unique(labels.begin(), labels.end(), same), labels.end());
  std::erase_if(labels, [](const auto& label) { return label.first.empty() || label.second.empty(); });
  return labels;
}

uint64_t type_number(const otlp::MetricView& metric) {
  switch (metric.type) {
    case otlp::MetricType::kSum:
      return metric.monotonic ? 1 : 2;
    case otlp::MetricType::kHistogram:
    case otlp::MetricType::kExponentialHistogram:
      return 3;
    case otlp::MetricType::kSummary:
      return 5;
    default:
      return 2;
  }
}

}  // namespace

void Translator::add_numbers(const Source& source) {
  const bool counter = source.metric.type == otlp::MetricType::kSum && source.metric.monotonic;
  add_value(source, "", {}, point_.value, counter, counter ? encode_exemplars(-kInfinity, kInfinity) : "");
}

void Translator::add_histogram(const Source& source) {
  if (point_.has_sum) add_value(source, "_sum", {}, point_.sum, true);
  add_value(source, "_count", {}, static_cast<double>(point_.count), true);
  uint64_t cumulated = 0;
  double below = -kInfinity;
  for (size_t i = 0; i < point_.bounds.size() && i < point_.bucket_counts.size(); ++i) {
    cumulated += point_.bucket_counts[i];
    const double bound = point_.bounds[i];
    if (bound == kInfinity) break;
    add_value(source, "_bucket", {"le", format_bound(bound)}, static_cast<double>(cumulated), true,
              encode_exemplars(below, bound));
    below = bound;
  }
  add_value(source, "_bucket", {"le", "+Inf"}, static_cast<double>(point_.count), true,
            encode_exemplars(below, kInfinity));
}

void Translator::add_summary(const Source& source) {
  add_value(source, "_sum", {}, point_.sum, true);
  add_value(source, "_count", {}, static_cast<double>(point_.count), true);
  for (const auto& [quantile, value] : point_.quantiles) {
    add_value(source, "", {"quantile", format_bound(quantile)}, value, false);
  }
}

bool Translator::add_native(const Source& source) {
  std::optional<std::string> message = encode_native_histogram(point_);
  if (!message) return false;
  Sample sample;
  sample.histogram = std::move(*message);
  sample.exemplars = encode_exemplars(-kInfinity, kInfinity);
  add_sample(encode_labels(source.name, {}), std::move(sample), true);
  return true;
}

// The exemplars with above < value <= up_to, as ready fields of a TimeSeries.
std::string Translator::encode_exemplars(double above, double up_to) {
  namespace f = otlp::field;
  std::string out;
  for (const otlp::PointExemplar& exemplar : point_.exemplars) {
    const bool here = exemplar.value > above && exemplar.value <= up_to;
    if (!here && !(above == -kInfinity && up_to == kInfinity)) continue;
    writer_.begin(f::time_series::kExemplars);
    for (const auto& [name, value] : labels_of(exemplar)) {
      writer_.begin(f::prometheus_exemplar::kLabels);
      writer_.bytes(f::label::kName, name);
      writer_.bytes(f::label::kValue, value);
      writer_.end();
    }
    writer_.real(f::prometheus_exemplar::kValue, exemplar.value);
    const uint64_t ms = exemplar.time_ns == 0 ? static_cast<uint64_t>(point_ms_) : exemplar.time_ns / 1'000'000;
    writer_.varint(f::prometheus_exemplar::kTimestamp, ms);
    writer_.end();
    out += writer_.take();
  }
  return out;
}

// Once per resource and batch, where there is something to tell and something to tell it of.
void Translator::add_target_info(const Source& source) {
  if (!config_.target_info.enabled || !source.resource.has_others() || source.latest_ms == 0) return;
  if (source.resource.job.empty() && source.resource.instance.empty()) return;
  LabelPairs attributes;
  for (const auto& attribute : source.resource.attributes) {
    if (!ResourceLabels::identifying(attribute.first)) attributes.push_back(attribute);
  }
  Source target;
  target.resource.job = source.resource.job;
  target.resource.instance = source.resource.instance;
  // The collector names these labels as on the page.
  if (!build_labels(target, attributes, LabelRule::kPage)) return;
  const std::string prefix = config_.metrics_namespace.empty() ? "" : config_.metrics_namespace + "_";
  const std::string labels = encode_labels(prefix + "target_info", {});
  const SeriesMemory::Verdict verdict = memory_.note(labels, source.latest_ms, 1, false);
  const auto [it, fresh] = index_.try_emplace(labels, series_.size());
  if (!fresh || !verdict.send) return;
  Sample sample;
  sample.ms = verdict.ms;
  sample.value = 1;
  series_.push_back({labels, {}});
  series_.back().samples.push_back(std::move(sample));
}

void Translator::add_metadata(const Source& source) {
  namespace f = otlp::field::prometheus_metadata;
  otlp::MessageWriter writer;
  writer.varint(f::kType, type_number(source.metric));
  writer.bytes(f::kMetricFamilyName, source.name);
  writer.bytes(f::kHelp, source.metric.description);
  writer.bytes(f::kUnit, unit_name(source.metric.unit));
  metadata_.try_emplace(source.name, writer.take());
}

}  // namespace weir
