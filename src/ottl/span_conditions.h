// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "ottl/program.h"
#include "weir/batch.h"

namespace weir::ottl {

// Conditions on spans and on their events, for who wants to know and changes nothing (tail_sampling's ottl_condition).
// Immutable, shared by shards.
struct SpanConditions {
  ErrorMode error_mode = ErrorMode::kIgnore;
  Unit unit;
  std::vector<Condition> span, event;
};
// What does not compile is left out: check the texts when the configuration is read (decode_conditions).
std::shared_ptr<const SpanConditions> compile_span_conditions(const std::vector<std::string>& span,
                                                              const std::vector<std::string>& event, ErrorMode mode);

// Evaluates them span by span on one shard.
class SpanEvaluator {
 public:
  SpanEvaluator(std::shared_ptr<const SpanConditions> conditions, Log* log, std::string component)
      : conditions_(std::move(conditions)), frame_(conditions_->unit.keys), report_(log, std::move(component)) {}

  // Before the first span of a batch, and of each batch after it. `now`: what Now() gives where the batch does not know
  // when it was received. The batch must stay where it is until the last holds().
  void start(const Batch& batch, Duration now);
  // kYes where any condition holds for the span or for one of its events; kFailed under propagate only, error() says
  // why.
  Verdict holds(const SpanRecord& span);
  const std::string& error() const { return report_.last(); }

 private:
  Verdict any_event();

  std::shared_ptr<const SpanConditions> conditions_;
  Frame frame_;
  ErrorReport report_;
  uint32_t scope_ = UINT32_MAX;
  uint32_t resource_ = UINT32_MAX;
};

}  // namespace weir::ottl
