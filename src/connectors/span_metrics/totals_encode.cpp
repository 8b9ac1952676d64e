// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "connectors/span_metrics/totals.h"

namespace weir::span_metrics {

std::string Totals::leaving_zeros(uint64_t time_ns, bool last) {
  return delta_ ? "" : encode(Pass{time_ns, last, true});
}

std::string Totals::encode(uint64_t time_ns, bool last) {
  const Pass pass{time_ns, last, false};
  if (delta_) set_delta_starts(time_ns);
  return encode(pass);
}

Totals::Pick Totals::pick(const SeriesTotal& series, bool leaving, const Pass& pass) const {
  if (delta_) return Pick::kValue;
  const bool is_new = series.stage == Stage::kNew;
  if (pass.only_leaving_zeros) return is_new && (leaving || pass.last) ? Pick::kZero : Pick::kNone;
  return is_new && !leaving && !pass.last ? Pick::kZero : Pick::kValue;
}

bool Totals::any(const ResourceTotal& resource, const Pass& pass) const {
  for (const FamilyTotal& family : resource.families) {
    for (const auto& series : family.series) {
      if (pick(*series, resource.leaving, pass) != Pick::kNone) return true;
    }
  }
  return false;
}

std::string Totals::encode(const Pass& pass) {
  otlp::MetricsWriter out(delta_ ? otlp::Temporality::kDelta : otlp::Temporality::kCumulative);
  for (auto& resource : resources_) {
    if (!any(*resource, pass)) continue;
    out.begin_resource(resource->attributes);
    out.begin_scope("spanmetricsconnector");
    for (size_t i = 0; i < plan_->families.size(); ++i) {
      if (resource->families[i].series.empty()) continue;
      if (plan_->families[i].calls || plan_->families[i].events) write_calls(out, *resource, i, pass);
      if (plan_->families[i].durations) write_durations(out, *resource, i, pass);
    }
    out.end_scope();
    out.end_resource();
  }
  return out.points() == 0 ? "" : out.take();
}

otlp::PointHead Totals::head_of(const SeriesTotal& series, Pick pick, const Pass& pass) {
  exemplar_scratch_.clear();
  if (pick == Pick::kValue) {
    for (const ExemplarRecord& e : series.exemplars) {
      exemplar_scratch_.push_back({e.trace_id, e.span_id, in_unit(e.duration_ns)});
    }
  }
  return {series.attributes, std::min(series.start_ns, pass.time_ns), pass.time_ns, exemplar_scratch_};
}

void Totals::write_calls(otlp::MetricsWriter& out, ResourceTotal& resource, size_t family, const Pass& pass) {
  out.begin_sum(plan_->families[family].events ? plan_->events_name : plan_->calls_name, "");
  for (const auto& series : resource.families[family].series) {
    const Pick picked = pick(*series, resource.leaving, pass);
    if (picked == Pick::kNone) continue;
    out.sum_point(head_of(*series, picked, pass), picked == Pick::kZero ? 0 : series->count);
  }
  out.end_metric();
}

void Totals::write_durations(otlp::MetricsWriter& out, ResourceTotal& resource, size_t family, const Pass& pass) {
  if (plan_->exponential_size > 0) {
    out.begin_exponential(plan_->duration_name, plan_->duration_unit);
  } else {
    out.begin_histogram(plan_->duration_name, plan_->duration_unit);
  }
  for (const auto& series : resource.families[family].series) {
    const Pick picked = pick(*series, resource.leaving, pass);
    if (picked != Pick::kNone) write_histogram(out, head_of(*series, picked, pass), *series, picked);
  }
  out.end_metric();
}

void Totals::write_histogram(otlp::MetricsWriter& out, const otlp::PointHead& head, const SeriesTotal& series,
                             Pick pick) const {
  const bool zero = pick == Pick::kZero;
  const double sum = zero ? 0 : static_cast<double>(series.sum_ns) / plan_->buckets.ns_per_unit();
  if (plan_->exponential_size > 0) {
    otlp::ExponentialView view = zero ? otlp::ExponentialView{} : series.exponential->view();
    view.sum = sum;
    return out.exponential_point(head, view);
  }
  const std::vector<uint64_t> none(zero ? series.buckets.size() : 0);
  out.histogram_point(head, {zero ? 0 : series.count, sum, zero ? none : series.buckets, plan_->buckets.bounds()});
}

void Totals::mark_sent(bool last) {
  const Pass pass{0, last, false};
  for (auto& resource : resources_) {
    for (FamilyTotal& family : resource->families) {
      for (auto& series : family.series) {
        const Pick picked = pick(*series, resource->leaving, pass);
        series->stage = picked == Pick::kZero ? Stage::kZeroSent : Stage::kValueSent;
        if (picked == Pick::kValue) series->exemplars.clear();
      }
    }
  }
}

void Totals::set_delta_starts(uint64_t time_ns) {
  for (auto& resource : resources_) {
    for (size_t f = 0; f < resource->families.size(); ++f) {
      for (auto& series : resource->families[f].series) {
        std::string key = resource->key + '\0' + static_cast<char>(f) + series->key;
        series->start_ns = timestamps_.exchange(std::move(key), time_ns, series->start_ns);
      }
    }
  }
}

}  // namespace weir::span_metrics
