// SPDX-License-Identifier: Apache-2.0
#include "telemetry/prometheus_telemetry.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <exception>
#include <mutex>
#include <sstream>
#include <unordered_map>

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

namespace weir {
namespace {

struct CounterHandle final : Counter {
  explicit CounterHandle(prometheus::Counter& target) : target_(target) {}
  void add(double value) override { target_.Increment(value); }
  prometheus::Counter& target_;
};

struct GaugeHandle final : Gauge {
  explicit GaugeHandle(prometheus::Gauge& target) : target_(target) {}
  void set(double value) override { target_.Set(value); }
  prometheus::Gauge& target_;
};

struct HistogramHandle final : Histogram {
  explicit HistogramHandle(prometheus::Histogram& target) : target_(target) {}
  void observe(double value) override { target_.Observe(value); }
  prometheus::Histogram& target_;
};

// Handles by the metric they stand for: the registry gives the same metric for the same name and labels.
template <class Handle, class Target>
class Handles {
 public:
  Handle& of(Target& target) {
    auto [it, fresh] = index_.try_emplace(&target, nullptr);
    if (fresh) it->second = &handles_.emplace_back(target);
    return *it->second;
  }

 private:
  std::deque<Handle> handles_;
  std::unordered_map<Target*, Handle*> index_;
};

template <class Make>
auto& or_die(const std::string& name, Make make) {
  try {
    return make();
  } catch (const std::exception& wrong) {
    std::fprintf(stderr, "own metric \"%s\": %s\n", name.c_str(), wrong.what());
    std::abort();
  }
}

// Metrics of the collector that have a unit, where the name does not say it.
std::string_view unit_of(std::string_view name) {
  static constexpr std::pair<std::string_view, std::string_view> kUnits[] = {
      {"otelcol_process_uptime", "_seconds"},
      {"otelcol_process_memory_rss", "_bytes"},
      {"otelcol_processor_internal_duration", "_seconds"},
      {"otelcol_processor_tail_sampling_sampling_trace_removal_age", "_seconds"},
      {"otelcol_processor_tail_sampling_sampling_decision_latency", "_milliseconds"},
      {"otelcol_processor_tail_sampling_sampling_decision_timer_latency", "_milliseconds"},
  };
  for (const auto& [metric, unit] : kUnits) {
    if (metric == name) return unit;
  }
  return "";
}

std::string page_name(const std::string& name, bool counter, const PageNames& names) {
  constexpr std::string_view kTotal = "_total";
  std::string out = name;
  if (names.unit_suffix) out += unit_of(name);
  if (counter && names.type_suffix && !out.ends_with(kTotal)) out += kTotal;
  return out;
}

prometheus::MetricFamily family_of(const OwnFamily& own) {
  prometheus::MetricFamily family;
  family.name = own.name;
  family.help = own.help;
  family.type = own.counter ? prometheus::MetricType::Counter : prometheus::MetricType::Gauge;
  for (const auto& [labels, value] : own.samples) {
    prometheus::ClientMetric metric;
    for (const auto& [name, text] : labels) metric.label.push_back({name, text});
    (own.counter ? metric.counter.value : metric.gauge.value) = value;
    family.metric.push_back(std::move(metric));
  }
  return family;
}

}  // namespace

struct PrometheusTelemetry::Impl {
  prometheus::Registry registry;
  std::mutex mutex;
  Handles<CounterHandle, prometheus::Counter> counters;
  Handles<GaugeHandle, prometheus::Gauge> gauges;
  Handles<HistogramHandle, prometheus::Histogram> histograms;
};

PrometheusTelemetry::PrometheusTelemetry() : impl_(std::make_unique<Impl>()) {}
PrometheusTelemetry::~PrometheusTelemetry() = default;

Counter& PrometheusTelemetry::counter(const std::string& name, const std::string& help, const Labels& labels) {
  std::lock_guard lock(impl_->mutex);
  return impl_->counters.of(or_die(name, [&]() -> prometheus::Counter& {
    return prometheus::BuildCounter().Name(name).Help(help).Register(impl_->registry).Add(labels);
  }));
}

Gauge& PrometheusTelemetry::gauge(const std::string& name, const std::string& help, const Labels& labels) {
  std::lock_guard lock(impl_->mutex);
  return impl_->gauges.of(or_die(name, [&]() -> prometheus::Gauge& {
    return prometheus::BuildGauge().Name(name).Help(help).Register(impl_->registry).Add(labels);
  }));
}

Histogram& PrometheusTelemetry::histogram(const std::string& name, const std::string& help, const Labels& labels,
                                          const std::vector<double>& bounds) {
  std::lock_guard lock(impl_->mutex);
  return impl_->histograms.of(or_die(name, [&]() -> prometheus::Histogram& {
    return prometheus::BuildHistogram().Name(name).Help(help).Register(impl_->registry).Add(labels, bounds);
  }));
}

std::string PrometheusTelemetry::render(const PageNames& names, const std::vector<OwnFamily>& extra) const {
  std::vector<prometheus::MetricFamily> families = impl_->registry.Collect();
  for (const OwnFamily& own : extra) families.push_back(family_of(own));
  for (auto& family : families) {
    family.name = page_name(family.name, family.type == prometheus::MetricType::Counter, names);
  }
  std::sort(families.begin(), families.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  std::ostringstream page;
  prometheus::TextSerializer().Serialize(page, families);
  return std::move(page).str();
}

}  // namespace weir
