// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ottl/expr.h"
#include "processors/probabilistic_sampler/sampler.h"

namespace weir {

// Spans: a trace state says what was sampled before, the attribute sampling.priority overrides (0 = drop, more = keep).
class SpanSubjects {
 public:
  SamplingSubject read(ottl::Frame& frame) const;
  void write(ottl::Frame& frame, const SamplingState& state) const;
};

// Log records: the attributes sampling.randomness and sampling.threshold say it, and an attribute that the config names
// holds a percentage of its own. hash_seed takes another one's text where there is no trace id.
class LogSubjects {
 public:
  LogSubjects(const ProbabilisticSamplerConfig& config, ottl::Unit& unit);
  SamplingSubject read(ottl::Frame& frame) const;
  void write(ottl::Frame& frame, const SamplingState& state) const;

 private:
  std::optional<uint64_t> threshold_asked_for(ottl::Frame& frame) const;

  bool by_trace_id_;
  bool hashes_;
  int precision_;
  ottl::ExprPtr randomness_, threshold_;
  ottl::ExprPtr hashed_, priority_;  // null: not asked for
};

}  // namespace weir
