// SPDX-License-Identifier: Apache-2.0
#include "ottl/span_conditions.h"

#include <utility>

#include "ottl/run.h"

namespace weir::ottl {

std::shared_ptr<const SpanConditions> compile_span_conditions(const std::vector<std::string>& span,
                                                              const std::vector<std::string>& event, ErrorMode mode) {
  auto result = std::make_shared<SpanConditions>();
  result->error_mode = mode;
  const auto compile = [&result](const std::vector<std::string>& texts, Context context, std::vector<Condition>& out) {
    for (const std::string& text : texts) {
      Mistake found_at_start;
      auto condition = compile_condition(result->unit, context, false, text, found_at_start);
      if (condition) out.push_back(std::move(*condition));
    }
  };
  compile(span, Context::kSpan, result->span);
  compile(event, Context::kSpanEvent, result->event);
  return result;
}

void SpanEvaluator::start(const Batch& batch, Duration now) {
  report_.next_batch();
  frame_.enter_batch(batch, now);
  scope_ = UINT32_MAX;
  resource_ = UINT32_MAX;
}

Verdict SpanEvaluator::any_event() {
  Verdict verdict = Verdict::kNo;
  PartWalk(frame_).events([&] {
    verdict = any_holds(conditions_->event, frame_, conditions_->error_mode, report_);
    return verdict == Verdict::kNo ? PartFate::kKeep : PartFate::kStop;
  });
  return verdict;
}

Verdict SpanEvaluator::holds(const SpanRecord& span) {
  if (span.scope != scope_) {
    const uint32_t resource = frame_.batch().scopes[span.scope].resource;
    if (resource != resource_) frame_.enter_resource(resource);
    frame_.enter_scope(span.scope);
    resource_ = resource;
    scope_ = span.scope;
  }
  frame_.enter_span(span);
  const Verdict verdict = any_holds(conditions_->span, frame_, conditions_->error_mode, report_);
  if (verdict != Verdict::kNo || conditions_->event.empty()) return verdict;
  return any_event();
}

}  // namespace weir::ottl
