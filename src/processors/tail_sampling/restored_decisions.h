// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "processors/tail_sampling/trace_table.h"
#include "weir/budget.h"
#include "weir/component.h"
#include "weir/ids.h"
#include "weir/journal.h"

namespace weir {

// The name of a sampler in the journal.
inline std::string journal_key(const ComponentEnv& env) { return env.pipeline + " " + env.id; }

// What was decided before the process started and is binding for spans that come again or late. One thread.
class RestoredDecisions {
 public:
  RestoredDecisions() = default;
  // Those of the traces that belong to `shard` of `shards`.
  RestoredDecisions(const Journal& journal, const std::string& sampler, uint32_t shard, uint32_t shards,
                    ByteBudget* budget) {
    for (const LoggedDecision& decision : journal.restored_decisions(sampler)) {
      if (shard_of(decision.trace, shards) == shard) verdicts_[decision.trace] = verdict_of(decision.verdict);
    }
    constexpr uint64_t kEntry = sizeof(std::pair<TraceId, TraceVerdict>) + 1;
    if (budget != nullptr && !verdicts_.empty()) paid_ = Reservation::take(*budget, verdicts_.capacity() * kEntry);
  }

  // kPending where the trace is not known.
  TraceVerdict find(const TraceId& trace) const {
    if (verdicts_.empty()) return TraceVerdict::kPending;
    const auto at = verdicts_.find(trace);
    return at == verdicts_.end() ? TraceVerdict::kPending : at->second;
  }

 private:
  static TraceVerdict verdict_of(LoggedVerdict logged) {
    if (logged == LoggedVerdict::kSampled) return TraceVerdict::kSampled;
    return logged == LoggedVerdict::kTooLarge ? TraceVerdict::kTooLarge : TraceVerdict::kNotSampled;
  }
  absl::flat_hash_map<TraceId, TraceVerdict, IdHash> verdicts_;
  Reservation paid_;
};

}  // namespace weir
