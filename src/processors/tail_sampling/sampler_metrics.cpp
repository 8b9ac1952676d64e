// SPDX-License-Identifier: Apache-2.0
#include "processors/tail_sampling/sampler_metrics.h"

namespace weir {

namespace {

constexpr std::string_view kDecisionNames[kDecisions] = {"not_sampled", "sampled", "dropped"};

std::string full_name(std::string_view name) { return "otelcol_processor_tail_sampling_" + std::string(name); }
std::string full_help(std::string_view help) { return std::string(help) + " [Development]"; }

Labels decision_labels(size_t decision) {
  return {{"decision", std::string(kDecisionNames[decision])},
          {"sampled", decision == static_cast<size_t>(Decision::kSampled) ? "true" : "false"}};
}

const std::vector<double>& second_bounds() {
  static const std::vector<double> bounds{0, 5, 10, 25, 50, 75, 100, 250, 500, 750, 1000, 2500, 5000, 7500, 10000};
  return bounds;
}
const std::vector<double>& millisecond_bounds() {
  static const std::vector<double> bounds{1,   2,   5,    10,   25,   50,   75,   100,   150,   200,   300,  400,
                                          500, 750, 1000, 2000, 3000, 4000, 5000, 10000, 20000, 30000, 50000};
  return bounds;
}

Histogram& histogram(Telemetry& telemetry, std::string_view name, std::string_view help,
                     const std::vector<double>& bounds) {
  return telemetry.histogram(full_name(name), full_help(help), {}, bounds);
}

}  // namespace

SamplerMetrics::SamplerMetrics(const ComponentEnv& env, const std::vector<std::string>& policies)
    : telemetry_(*env.telemetry),
      late_age_(histogram(telemetry_, "sampling_late_span_age",
                          "Time (in seconds) from the sampling decision was taken and "
                          "the arrival of a late span",
                          second_bounds())),
      removal_age_(histogram(telemetry_, "sampling_trace_removal_age",
                             "Time (in seconds) from arrival of a new trace until its removal from memory",
                             second_bounds())),
      slice_ms_(histogram(telemetry_, "sampling_decision_timer_latency",
                          "Latency (in milliseconds) of each run of the sampling decision timer",
                          millisecond_bounds())),
      in_memory_(telemetry_.gauge(full_name("sampling_traces_on_memory"),
                                  full_help("Tracks the number of traces current on memory"), {})) {
  const size_t slash = env.id.find('/');
  const std::string prefix = slash == std::string::npos ? "" : env.id.substr(slash + 1) + ".";
  for (const std::string& name : policies) policies_.emplace_back().label = prefix + name;
  new_traces_ = tally("new_trace_id_received", "Counts the arrival of new traces");
  dropped_too_early_ = tally("sampling_trace_dropped_too_early",
                             "Count of traces that needed to be dropped before the configured wait time");
  evaluation_errors_ = tally("sampling_policy_evaluation_error", "Count of sampling policy evaluation errors");
  if (env.journal == nullptr) return;
  spilled_ = &env.telemetry->gauge("weir_tail_sampling_spilled_bytes",
                                   "Bytes of held spans that are only in the journal, because memory was short.",
                                   {{"pipeline", env.pipeline}, {"processor", env.id}});
}

SamplerMetrics::Tally SamplerMetrics::tally(std::string_view name, std::string_view help, const Labels& labels) {
  return {&telemetry_.counter(full_name(name), full_help(help), labels), 0};
}

void SamplerMetrics::policy_took(size_t policy, Duration time, uint64_t traces) {
  policies_[policy].time_us.count += std::chrono::duration<double, std::micro>(time).count();
  policies_[policy].executions.count += static_cast<double>(traces);
}

void SamplerMetrics::publish(Tally& count, std::string_view name, std::string_view help, const Labels& labels) {
  if (count.count == 0) return;
  if (count.counter == nullptr) count.counter = tally(name, help, labels).counter;
  count.publish();
}

void SamplerMetrics::publish_policy(OfPolicy& policy) {
  if (policy.executions.count == 0) return;
  const Labels own{{"policy", policy.label}};
  for (size_t i = 0; i < policy.decisions.size(); ++i) {
    if (policy.decisions[i].count == 0) continue;
    Labels labels = decision_labels(i);
    labels.insert(own.begin(), own.end());
    publish(policy.decisions[i], "count_traces_sampled", "Count of traces that were sampled or not per sampling policy",
            labels);
  }
  publish(policy.time_us, "sampling_policy_execution_time_sum", "Total time spent (in microseconds) executing a policy",
          own);
  publish(policy.executions, "sampling_policy_execution_count", "Total number of executions of a policy", own);
}

void SamplerMetrics::publish() {
  for (OfPolicy& policy : policies_) publish_policy(policy);
  for (size_t i = 0; i < global_.size(); ++i) {
    publish(global_[i], "global_count_traces_sampled",
            "Global count of traces that were sampled or not by at least one policy", decision_labels(i));
  }
  for (size_t i = 0; i < from_cache_.size(); ++i) {
    publish(from_cache_[i], "early_releases_from_cache_decision",
            "Number of spans that were able to be immediately released due to a decision cache hit",
            {{"sampled", i == 1 ? "true" : "false"}});
  }
  new_traces_.publish();
  dropped_too_early_.publish();
  evaluation_errors_.publish();
  publish(too_large_, "traces_dropped_too_large", "Count of traces that were dropped because they were too large", {});
}

}  // namespace weir
