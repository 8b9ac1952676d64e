// SPDX-License-Identifier: Apache-2.0
#include "processors/filter/rules.h"

#include <utility>

#include "ottl/metric_edit.h"

namespace weir {

using Where = ottl::Context;
using ottl::Verdict;

FilterRules::FilterRules(const FilterConfig& config, Signal signal) {
  if (signal == Signal::kTraces) add_traces(config);
  if (signal == Signal::kMetrics) add_metrics(config);
  if (signal == Signal::kLogs) add_logs(config);
}

void FilterRules::add(Where context, bool prefixed, const std::vector<std::string>& conditions, ottl::ErrorMode mode) {
  Set set;
  set.error_mode = mode;
  for (const std::string& text : conditions) {
    ottl::Mistake found_at_start;
    auto condition = compile_condition(unit_, context, prefixed, text, found_at_start);
    if (condition) set.conditions.push_back(std::move(*condition));
  }
  if (!set.conditions.empty()) sets_[static_cast<size_t>(context)].push_back(std::move(set));
}

void FilterRules::add_groups(const std::vector<ottl::GroupConfig>& groups, Signal signal, ottl::ErrorMode mode) {
  for (const ottl::GroupConfig& group : groups) {
    const ottl::ErrorMode own = group.error_mode.value_or(mode);
    if (group.context) {
      add(*group.context, false, group.conditions, own);
      continue;
    }
    for (const std::string& condition : group.conditions) {
      ottl::Mistake found_at_start;
      const auto context = infer_context(signal, condition, found_at_start);
      if (context) add(*context, true, {condition}, own);
    }
  }
}

void FilterRules::add_traces(const FilterConfig& config) {
  add(Where::kResource, false, config.traces.resource, config.error_mode);
  add(Where::kSpan, false, config.traces.span, config.error_mode);
  add(Where::kSpanEvent, false, config.traces.spanevent, config.error_mode);
  add_groups(config.trace_conditions, Signal::kTraces, config.error_mode);
  if (config.spans.include || config.spans.exclude) {
    selection_.emplace(config.spans.include, config.spans.exclude, unit_, Signal::kTraces);
  }
}

namespace {

template <class T>
std::optional<MatchConfig> match_of(const std::optional<T>& block) {
  if (!block || block->as_match().empty()) return std::nullopt;
  return block->as_match();
}

}  // namespace

void FilterRules::add_metrics(const FilterConfig& config) {
  add(Where::kResource, false, config.metrics.resource, config.error_mode);
  add(Where::kMetric, false, config.metrics.metric, config.error_mode);
  add(Where::kDataPoint, false, config.metrics.datapoint, config.error_mode);
  add_groups(config.metric_conditions, Signal::kMetrics, config.error_mode);
  if (config.metrics.include || config.metrics.exclude) {
    selection_.emplace(match_of(config.metrics.include), match_of(config.metrics.exclude), unit_, Signal::kMetrics);
  }
}

void FilterRules::add_logs(const FilterConfig& config) {
  add(Where::kResource, false, config.logs.resource, config.error_mode);
  add(Where::kLog, false, config.logs.log_record, config.error_mode);
  add_groups(config.log_conditions, Signal::kLogs, config.error_mode);
  if (config.logs.include || config.logs.exclude) {
    selection_.emplace(match_of(config.logs.include), match_of(config.logs.exclude), unit_, Signal::kLogs);
  }
}

Verdict FilterRules::drops(Where context, ottl::Frame& frame, ottl::ErrorReport& report) const {
  for (const Set& set : sets(context)) {
    const Verdict outcome = any_holds(set.conditions, frame, set.error_mode, report);
    if (outcome != Verdict::kNo) return outcome;
  }
  return Verdict::kNo;
}

// Resources and scopes are judged once, when the first of their records comes.
Verdict FilterPass::drops_around() {
  if (resource_ != frame_.resource()) {
    resource_ = frame_.resource();
    resource_outcome_ = rules_.drops(Where::kResource, frame_, report_);
  }
  if (resource_outcome_ != Verdict::kNo) return resource_outcome_;
  if (scope_ != frame_.scope()) {
    scope_ = frame_.scope();
    scope_outcome_ = rules_.drops(Where::kScope, frame_, report_);
  }
  return scope_outcome_;
}

Verdict FilterPass::drops_item(Where context) {
  const Verdict around = drops_around();
  if (around != Verdict::kNo) return around;
  if (!rules_.selected(frame_)) return Verdict::kYes;
  return rules_.drops(context, frame_, report_);
}

ottl::PartFate FilterPass::fate(Where context) {
  switch (rules_.drops(context, frame_, report_)) {
    case Verdict::kYes:
      return ottl::PartFate::kRemove;
    case Verdict::kFailed:
      return ottl::PartFate::kStop;
    default:
      return ottl::PartFate::kKeep;
  }
}

bool FilterPass::take_out_events() {
  return !rules_.any(Where::kSpanEvent) || ottl::PartWalk(frame_).events([this] { return fate(Where::kSpanEvent); });
}

// A metric without any points, or none left, goes too.
bool FilterPass::take_out_points(ItemRecord& item, bool& empty) {
  empty = false;
  if (!rules_.any(Where::kDataPoint)) return true;
  empty = item.count == 0 && ottl::metric_type(frame_) != otlp::MetricType::kNone;
  if (item.count == 0) return true;
  ottl::PartWalk points(frame_);
  if (!points.points([this] { return fate(Where::kDataPoint); })) return false;
  empty = points.kept() == 0;
  if (!empty) item.count = static_cast<uint32_t>(points.kept());
  return true;
}

bool FilterPass::spans(Batch& batch, ottl::BatchWalk& walk) {
  uint32_t number = 0;
  kept_.reserve(batch.spans.size());
  return walk.spans([&] {
    const uint32_t mine = number++;
    const Verdict outcome = drops_item(Where::kSpan);
    if (outcome == Verdict::kFailed) return false;
    if (outcome == Verdict::kYes) return true;
    kept_.push_back(mine);
    return take_out_events();
  });
}

bool FilterPass::items(Batch& batch, ottl::BatchWalk& walk) {
  const bool logs = batch.signal == Signal::kLogs;
  uint32_t number = 0;
  return walk.items([&] {
    const uint32_t mine = number++;
    const Verdict outcome = drops_item(logs ? Where::kLog : Where::kMetric);
    if (outcome == Verdict::kFailed) return false;
    if (outcome == Verdict::kYes) return true;
    bool empty = false;
    if (!logs && !take_out_points(batch.items[mine], empty)) return false;
    if (!empty) kept_.push_back(mine);
    return true;
  });
}

bool FilterPass::run(Batch& batch, ottl::Rewriter& rewriter) {
  ottl::BatchWalk walk(batch, frame_, rewriter);
  return batch.signal == Signal::kTraces ? spans(batch, walk) : items(batch, walk);
}

}  // namespace weir
