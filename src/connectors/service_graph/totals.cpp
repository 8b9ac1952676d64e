// SPDX-License-Identifier: Apache-2.0
#include "connectors/service_graph/totals.h"

#include <algorithm>

namespace weir::service_graph {
namespace {

constexpr Duration kIdle = std::chrono::minutes(15);

}  // namespace

uint64_t Totals::cost_of(const EdgeSeries& series) {
  return sizeof(EdgeTotal) + 64 + 2 * series.key.size() + series.attributes.size() + 16 * series.client.buckets.size();
}

Totals::Totals(std::shared_ptr<const Plan> plan, const ComponentEnv& env)
    : plan_(std::move(plan)),
      last_flush_ns_(env.clock->now().wall_ns()),
      paid_(Reservation::take(*env.budget, 0)),
      budget_(*env.budget),
      refused_series_(env.telemetry->counter("weir_connector_refused_series",
                                             "Series counted as overflow, or not at all, for want of memory",
                                             {{"connector", env.id}})) {}

void Totals::absorb(std::vector<EdgeDelta> deltas) {
  for (EdgeDelta& delta : deltas) {
    for (EdgeSeries& series : delta.series) {
      const auto known = series_.find(series.key);
      if (known == series_.end()) {
        std::string key = series.key;
        if (paid_.grow(cost_of(series))) {
          series_.emplace(std::move(key), EdgeTotal{std::move(series), last_flush_ns_});
        } else {
          refused_series_.add();
        }
        continue;
      }
      EdgeSeries& total = known->second.series;
      total.count += series.count;
      total.failed += series.failed;
      total.client.merge(series.client);
      total.server.merge(series.server);
      total.last_seen = std::max(total.last_seen, series.last_seen);
    }
  }
}

std::string Totals::zeros(uint64_t time_ns) const { return encode(Pass{time_ns, true, false}); }

std::string Totals::encode(uint64_t time_ns, bool values) const { return encode(Pass{time_ns, false, values}); }

void Totals::mark_sent(uint64_t time_ns, bool values) {
  const Pass pass{time_ns, false, values};
  for (auto& [key, total] : series_) {
    const auto advance = [&](Stage& stage) {
      stage = pick(stage, pass) == Pick::kZero ? Stage::kZeroSent : Stage::kValueSent;
    };
    advance(total.stage);
    if (total.series.failed > 0) advance(total.failed_stage);
  }
  last_flush_ns_ = time_ns;
}

Totals::Pick Totals::pick(Stage stage, const Pass& pass) {
  if (pass.only_zeros) return stage == Stage::kNew ? Pick::kZero : Pick::kNone;
  return stage == Stage::kNew && !pass.values ? Pick::kZero : Pick::kValue;
}

Totals::Pick Totals::pick_failed(const EdgeTotal& total, const Pass& pass) const {
  return total.series.failed == 0 ? Pick::kNone : pick(total.failed_stage, pass);
}

otlp::PointHead Totals::head_of(const EdgeTotal& total, const Pass& pass) {
  return {total.series.attributes, std::min(total.start_ns, pass.time_ns), pass.time_ns, {}};
}

std::string Totals::encode(const Pass& pass) const {
  if (series_.empty()) return "";
  otlp::MetricsWriter out(otlp::Temporality::kCumulative);
  out.begin_resource("");
  out.begin_scope("traces_service_graph");
  out.begin_sum("traces_service_graph_request_total", "");
  for (const auto& [key, total] : series_) {
    const Pick picked = pick(total.stage, pass);
    if (picked != Pick::kNone) out.sum_point(head_of(total, pass), picked == Pick::kZero ? 0 : total.series.count);
  }
  out.end_metric();
  write_failed(out, pass);
  write_side(out, "traces_service_graph_request_server", &EdgeSeries::server, pass);
  write_side(out, "traces_service_graph_request_client", &EdgeSeries::client, pass);
  out.end_scope();
  out.end_resource();
  return out.points() == 0 ? "" : out.take();
}

void Totals::write_failed(otlp::MetricsWriter& out, const Pass& pass) const {
  const bool any = std::any_of(series_.begin(), series_.end(),
                               [&](const auto& entry) { return pick_failed(entry.second, pass) != Pick::kNone; });
  if (!any) return;
  out.begin_sum("traces_service_graph_request_failed_total", "");
  for (const auto& [key, total] : series_) {
    const Pick picked = pick_failed(total, pass);
    if (picked != Pick::kNone) out.sum_point(head_of(total, pass), picked == Pick::kZero ? 0 : total.series.failed);
  }
  out.end_metric();
}

void Totals::write_side(otlp::MetricsWriter& out, const char* name, Latencies EdgeSeries::*side,
                        const Pass& pass) const {
  const bool exponential = plan_->exponential_size > 0;
  exponential ? out.begin_exponential(name, "s") : out.begin_histogram(name, "s");
  for (const auto& [key, total] : series_) {
    const Pick picked = pick(total.stage, pass);
    if (picked == Pick::kNone) continue;
    const bool zero = picked == Pick::kZero;
    const Latencies& latencies = total.series.*side;
    const double sum = zero ? 0 : static_cast<double>(latencies.sum_ns) / plan_->buckets.ns_per_unit();
    if (exponential) {
      otlp::ExponentialView view = zero ? otlp::ExponentialView{} : latencies.exponential->view();
      view.sum = sum;
      out.exponential_point(head_of(total, pass), view);
      continue;
    }
    const std::vector<uint64_t> none(zero ? latencies.buckets.size() : 0);
    out.histogram_point(head_of(total, pass),
                        {zero ? 0 : total.series.count, sum, zero ? none : latencies.buckets, plan_->buckets.bounds()});
  }
  out.end_metric();
}

void Totals::drop_idle(Duration now) {
  std::erase_if(series_, [&](const auto& entry) {
    if (now - entry.second.series.last_seen <= kIdle || entry.second.stage != Stage::kValueSent) return false;
    paid_.shrink_to(paid_.bytes() - cost_of(entry.second.series));
    return true;
  });
}

}  // namespace weir::service_graph
