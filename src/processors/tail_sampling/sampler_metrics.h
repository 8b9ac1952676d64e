// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "processors/tail_sampling/policy.h"
#include "weir/component.h"

namespace weir {

// The processor's own metrics under the collector's names (collector-semantics §5.5), as one stage counts them: plain
// numbers until publish(), which is called once per batch or slice. Counters that the collector shows only from their
// first event on are made then.
class SamplerMetrics {
 public:
  // The id "tail_sampling/name": the name goes before the policies' names in their label.
  SamplerMetrics(const ComponentEnv& env, const std::vector<std::string>& policies);

  void policy_decided(size_t policy, Decision decision) { ++policies_[policy].decisions[index_of(decision)].count; }
  void policy_failed() { ++evaluation_errors_.count; }
  void policy_took(size_t policy, Duration time, uint64_t traces);
  void decided(Decision decision) { ++global_[index_of(decision)].count; }
  void new_trace() { ++new_traces_.count; }
  void evicted_undecided() { ++dropped_too_early_.count; }
  void too_large() { ++too_large_.count; }
  void decided_by_cache(bool sampled) { ++from_cache_[sampled ? 1 : 0].count; }
  // Once per late trace and batch, per removed trace, per slice of decisions:
  void late_span_age(uint32_t seconds) { late_age_.observe(seconds); }
  void removal_age(uint32_t seconds) { removal_age_.observe(seconds); }
  void slice_took(Duration time) { slice_ms_.observe(std::chrono::duration<double, std::milli>(time).count()); }
  void traces_in_memory(uint64_t traces) { in_memory_.set(static_cast<double>(traces)); }
  // Only with a journal.
  void spilled_bytes(int64_t bytes) { spilled_->set(static_cast<double>(bytes)); }

  void publish();

 private:
  struct Tally {
    Counter* counter = nullptr;
    double count = 0;
    void publish() {
      if (count > 0) counter->add(count);
      count = 0;
    }
  };
  struct OfPolicy {
    std::string label;
    std::array<Tally, kDecisions> decisions;
    Tally time_us;
    Tally executions;
  };

  static size_t index_of(Decision decision) { return static_cast<size_t>(decision); }
  Tally tally(std::string_view name, std::string_view help, const Labels& labels = {});
  void publish(Tally& tally, std::string_view name, std::string_view help, const Labels& labels);
  void publish_policy(OfPolicy& policy);

  Telemetry& telemetry_;
  std::vector<OfPolicy> policies_;
  std::array<Tally, kDecisions> global_;
  std::array<Tally, 2> from_cache_;
  Tally new_traces_;
  Tally dropped_too_early_;
  Tally evaluation_errors_;
  Tally too_large_;
  Histogram& late_age_;
  Histogram& removal_age_;
  Histogram& slice_ms_;
  Gauge& in_memory_;
  Gauge* spilled_ = nullptr;
};

}  // namespace weir
