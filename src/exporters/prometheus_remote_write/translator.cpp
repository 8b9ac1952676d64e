// SPDX-License-Identifier: Apache-2.0
#include "exporters/prometheus_remote_write/translator.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "exporters/prometheus_remote_write/native_histogram.h"
#include "otlp/attributes.h"

namespace weir {
namespace {

using otlp::MetricTemporality;
using otlp::MetricType;

constexpr int64_t kFutureMs = 600'000;     // receivers refuse what is further ahead
constexpr int64_t kZeroBeforeMs = 15'000;  // a zero sample stands at most this long before the first value
constexpr int64_t kStartSlackMs = 5'000;   // counters that began this long before the exporter are still its own

int64_t to_ms(uint64_t ns) { return static_cast<int64_t>(ns / 1'000'000); }

bool has_temporality(MetricType type) { return type != MetricType::kGauge && type != MetricType::kSummary; }

void append_label(std::string& out, std::string_view name, std::string_view value) {
  char size[10];
  const auto varint = [&](uint64_t n) { out.append(size, otlp::write_varint(size, n)); };
  const size_t payload =
      2 + otlp::varint_size(name.size()) + name.size() + otlp::varint_size(value.size()) + value.size();
  out += '\x0a';  // TimeSeries.labels
  varint(payload);
  out += '\x0a';  // Label.name
  varint(name.size());
  out += name;
  out += '\x12';  // Label.value
  varint(value.size());
  out += value;
}

}  // namespace

Translator::Translator(const RemoteWriteConfig& config, std::string id, ByteBudget& budget, Log& log, Time now,
                       bool outlives_process)
    : config_(config),
      id_(std::move(id)),
      strategy_(config.strategy()),
      log_(log),
      memory_(budget),
      began_ms_(to_ms(now.wall_ns()) - (outlives_process ? 0 : kStartSlackMs)) {
  for (const auto& [name, value] : config.external_labels) {
    external_labels_.emplace_back(label_name(name, LabelRule::kRemoteWrite), value);
  }
}

Translation Translator::translate(const Batch& batch, Time now) {
  result_ = {};
  index_.clear();
  series_.clear();
  metadata_.clear();
  now_ms_ = to_ms(now.wall_ns());
  memory_.forget_old(now_ms_);
  Source source;
  uint32_t resource = UINT32_MAX;
  uint32_t scope = UINT32_MAX;
  for (const ItemRecord& item : batch.items) {
    if (item.scope != scope) {
      scope = item.scope;
      if (!config_.disable_scope_info) source.scope = read_scope_labels(batch, scope, LabelRule::kRemoteWrite);
      if (batch.scopes[scope].resource != resource) {
        if (resource != UINT32_MAX) add_target_info(source);
        resource = batch.scopes[scope].resource;
        source.resource = read_resource_labels(batch, resource);
        source.latest_ms = 0;
      }
    }
    if (otlp::read_metric(batch.view(item.part, item.body), source.metric)) {
      add_metric(source);
    } else {
      result_.dropped += item.count;
    }
  }
  if (resource != UINT32_MAX) add_target_info(source);
  Translation out = std::move(result_);
  build_rounds(out);
  return out;
}

bool Translator::is_wanted(const otlp::MetricView& metric) {
  if (metric.type == MetricType::kNone) return false;
  return !has_temporality(metric.type) || metric.temporality == MetricTemporality::kCumulative;
}

void Translator::warn_of_delta(const otlp::MetricView& metric) {
  if (std::exchange(warned_of_delta_, true)) return;
  log_.warn(id_,
            "remote write cannot carry delta metrics; they are dropped and counted in "
            "otelcol_exporter_prometheusremotewrite_failed_translations. This is said once",
            {{"metric", std::string(metric.name)}});
}

void Translator::add_metric(Source& source) {
  const bool wanted = is_wanted(source.metric);
  const bool delta = has_temporality(source.metric.type) && source.metric.temporality == MetricTemporality::kDelta;
  if (delta) warn_of_delta(source.metric);
  source.name = metric_name(source.metric, config_.metrics_namespace, strategy_);
  if (wanted && config_.send_metadata && !source.name.empty()) add_metadata(source);
  otlp::for_each_point(source.metric, [&](std::string_view message) {
    bool ok = otlp::read_point(source.metric.type, message, point_);
    if (ok) {
      point_ms_ = time_of_point();
      source.latest_ms =
          std::max(source.latest_ms, point_ms_);  // of all: target_info does not depend on what can be sent
      ok = wanted && !source.name.empty() && add_point(source);
    }
    if (!ok) ++result_.dropped;
    if (delta) ++result_.delta;
    ++result_.points;
  });
}

int64_t Translator::time_of_point() const {
  const int64_t ms = point_.time_ns == 0 ? now_ms_ : to_ms(point_.time_ns);
  return ms > now_ms_ + kFutureMs ? now_ms_ : ms;
}

// False where nothing of the point can be sent.
bool Translator::add_point(const Source& source) {
  LabelPairs attributes;
  read_point_labels(source.metric.type, point_.message, attributes);
  add_resource_attributes(config_.resource_to_telemetry_conversion, source.resource, attributes);
  if (!build_labels(source, attributes, LabelRule::kRemoteWrite)) return false;
  late_ = false;
  bool ok = true;
  switch (source.metric.type) {
    case MetricType::kHistogram:
      add_histogram(source);
      break;
    case MetricType::kExponentialHistogram:
      ok = add_native(source);
      break;
    case MetricType::kSummary:
      add_summary(source);
      break;
    default:
      add_numbers(source);
  }
  return ok && !late_;
}

// Sorted, one of each name, none empty, all UTF-8. False where an attribute has no name.
bool Translator::build_labels(const Source& source, const LabelPairs& attributes, LabelRule rule) {
  labels_.clear();
  for (const auto& [key, value] : attributes) {
    if (value.empty()) continue;
    std::string name = label_name(key, rule);
    if (name.empty()) return false;
    labels_.emplace_back(std::move(name), value);
  }
  join_labels(labels_, Equal::kOnce);
  if (!source.resource.job.empty()) set_label("job", source.resource.job);
  if (!source.resource.instance.empty()) set_label("instance", source.resource.instance);
  set_scope_labels(source);
  for (const auto& [name, value] : external_labels_) {
    const auto by_name = [&](const auto& have) { return have.first == name; };
    if (std::none_of(labels_.begin(), labels_.end(), by_name)) set_label(name, value);
  }
  std::erase_if(labels_, [](const auto& label) { return label.second.empty(); });
  for (auto& [name, value] : labels_) clean_utf8(value);
  return true;
}

// They win over labels of the same name; of two of one name the later does.
void Translator::set_scope_labels(const Source& source) {
  LabelPairs wanted;
  for (auto at = source.scope.rbegin(); at != source.scope.rend(); ++at)
    wanted.emplace_back(label_name(at->first, LabelRule::kRemoteWrite), at->second);
  const auto by_name = [](const auto& a, const auto& b) { return a.first < b.first; };
  std::stable_sort(wanted.begin(), wanted.end(), by_name);
  LabelPairs all;
  std::merge(wanted.begin(), wanted.end(), labels_.begin(), labels_.end(), std::back_inserter(all), by_name);
  const auto same_name = [](const auto& a, const auto& b) { return a.first == b.first; };
  all.erase(std::unique(all.begin(), all.end(), same_name), all.end());
  labels_ = std::move(all);
}

void Translator::set_label(std::string_view name, std::string_view value) {
  const auto at = std::lower_bound(labels_.begin(), labels_.end(), name,
                                   [](const auto& have, std::string_view wanted) { return have.first < wanted; });
  if (at != labels_.end() && at->first == name)
    at->second = value;
  else
    labels_.emplace(at, name, value);
}

// The labels of the point with __name__ and `extra`, which win over labels of the same name.
std::string Translator::encode_labels(const std::string& name, const Extra& extra) {
  std::pair<std::string_view, std::string_view> extras[] = {{"__name__", name}, {extra.name, extra.value}};
  const size_t count = extra.name.empty() ? 1 : 2;
  std::sort(extras, extras + count);
  std::string out;
  size_t next = 0;
  for (const auto& [key, value] : labels_) {
    for (; next < count && extras[next].first <= key; ++next)
      append_label(out, extras[next].first, extras[next].second);
    if (next > 0 && extras[next - 1].first == key) continue;
    append_label(out, key, value);
  }
  for (; next < count; ++next) append_label(out, extras[next].first, extras[next].second);
  return out;
}

void Translator::add_value(const Source& source, std::string_view suffix, Extra extra, double value, bool only_grows,
                           std::string exemplars) {
  Sample sample;
  sample.value = point_.no_recorded_value ? stale_marker() : value;
  sample.exemplars = std::move(exemplars);
  add_sample(encode_labels(source.name + std::string(suffix), extra), std::move(sample), only_grows);
}

void Translator::add_sample(const std::string& labels, Sample sample, bool only_grows) {
  const double value = sample.histogram.empty() ? sample.value : static_cast<double>(point_.count);
  const SeriesMemory::Verdict verdict = memory_.note(labels, point_ms_, value, only_grows && !point_.no_recorded_value);
  if (!verdict.send) {
    late_ = true;
    return;
  }
  sample.ms = verdict.ms;
  sample.point = result_.points;
  const auto [it, fresh] = index_.try_emplace(labels, series_.size());
  if (fresh) series_.push_back({labels, {}});
  Series& series = series_[it->second];
  if (verdict.fresh && only_grows && value > 0 && !point_.no_recorded_value) add_zero(series, sample);
  series.samples.push_back(std::move(sample));
}

// OTLP says that the count was 0 at its start. Only for counters that began within this exporter's life: one that runs
// longer was not 0 a moment ago, and a zero would look like an immense increase.
void Translator::add_zero(Series& series, const Sample& first) {
  const int64_t start_ms = to_ms(point_.start_ns);
  if (point_.start_ns == 0 || start_ms < began_ms_) return;
  Sample zero;
  zero.ms = std::min(std::max(start_ms, first.ms - kZeroBeforeMs), first.ms - 1);
  if (!first.histogram.empty()) zero.histogram = encode_empty_histogram(point_);
  series.samples.push_back(std::move(zero));
}

void Translator::build_rounds(Translation& out) {
  size_t longest[2] = {0, 0};  // of values, of native histograms
  for (const Series& s : series_) {
    size_t& most = longest[s.samples.front().histogram.empty() ? 0 : 1];
    most = std::max(most, s.samples.size());
  }
  // The last samples of all series go together; native histograms by themselves, for a receiver that cannot take them
  // refuses everything that comes with them.
  out.rounds.resize(longest[0] + longest[1]);
  for (Series& s : series_) {
    const size_t end = s.samples.front().histogram.empty() ? longest[0] : longest[0] + longest[1];
    for (size_t i = 0; i < s.samples.size(); ++i) {
      ++(s.samples[i].histogram.empty() ? out.samples : out.histograms);
      WritePiece piece = piece_of(s, s.samples[i]);
      out.bytes += piece.bytes.size();
      out.rounds[end - s.samples.size() + i].push_back(std::move(piece));
    }
  }
  out.series = series_.size();
  if (metadata_.empty()) return;
  std::vector<WritePiece>& last = out.rounds.emplace_back();
  for (const auto& [name, message] : metadata_) {
    writer_.bytes(otlp::field::write_request::kMetadata, message);
    last.push_back({writer_.take(), WritePiece::kNoPoint});
    out.bytes += last.back().bytes.size();
  }
}

WritePiece Translator::piece_of(const Series& series, Sample& sample) {
  namespace f = otlp::field;
  writer_.begin(f::write_request::kTimeseries);
  writer_.raw(series.labels);
  if (sample.histogram.empty()) {
    writer_.begin(f::time_series::kSamples);
    writer_.real(f::sample::kValue, sample.value);
    writer_.varint(f::sample::kTimestamp, static_cast<uint64_t>(sample.ms));
    writer_.end();
  }
  writer_.raw(sample.exemplars);
  if (!sample.histogram.empty()) {
    writer_.begin(f::time_series::kHistograms);
    writer_.raw(sample.histogram);
    writer_.varint(kHistogramTimestamp, static_cast<uint64_t>(sample.ms));
    writer_.end();
  }
  writer_.end();
  return {writer_.take(), sample.point};
}

}  // namespace weir
