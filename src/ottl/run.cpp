// SPDX-License-Identifier: Apache-2.0
#include "ottl/run.h"

namespace weir::ottl {

void BatchWalk::write_resource(uint32_t index) {
  const LevelState& level = frame_.level(Level::kResource);
  if (level.changed()) rewriter_.resource(index, level);
}

void BatchWalk::leave() {
  if (scope_ != kNone && frame_.level(Level::kScope).changed()) rewriter_.scope(scope_, frame_.level(Level::kScope));
  if (resource_ != kNone) write_resource(resource_);
  scope_ = kNone;
  resource_ = kNone;
}

void BatchWalk::step_to(uint32_t scope) {
  const uint32_t resource = batch_.scopes[scope].resource;
  if (resource != resource_) {
    leave();
    frame_.enter_resource(resource);
    resource_ = resource;
  } else if (scope_ != kNone && frame_.level(Level::kScope).changed()) {
    rewriter_.scope(scope_, frame_.level(Level::kScope));
  }
  scope_ = scope;
  frame_.enter_scope(scope);
}

bool Runner::execute_all(size_t first, size_t count) {
  for (size_t i = first; i < first + count; ++i) {
    if (i != first) frame_.set_cache({});
    if (!execute(program_->groups[i], frame_, report_)) return false;
  }
  return true;
}

bool Runner::run_groups(Batch& batch, size_t first, size_t count) {
  BatchWalk walk(batch, frame_, rewriter_);
  const auto each = [&] { return execute_all(first, count); };
  const auto each_part = [&] { return each() ? PartFate::kKeep : PartFate::kStop; };
  switch (program_->groups[first].context) {
    case Context::kResource:
      return walk.resources(each);
    case Context::kScope:
      return walk.scopes(each);
    case Context::kSpan:
      return walk.spans(each);
    case Context::kSpanEvent:
      return walk.spans([&] { return PartWalk(frame_).events(each_part); });
    case Context::kMetric:
    case Context::kLog:
      return walk.items(each);
    case Context::kDataPoint:
      return walk.items([&] { return PartWalk(frame_).points(each_part); });
  }
  return true;
}

namespace {

bool stands_alone(const Group& group) {
  const bool of_item =
      group.context == Context::kSpan || group.context == Context::kMetric || group.context == Context::kLog;
  return !of_item || group.writes_outside;
}

}  // namespace

// Groups run one after the other over the whole batch. Neighbours that only change the record they stand on cannot tell
// whether they run record by record: they share one walk.
bool Runner::run(Batch& batch, Duration now, ByteBudget* budget) {
  report_.next_batch();
  const auto& groups = program_->groups;
  for (size_t first = 0; first < groups.size();) {
    size_t count = 1;
    while (!stands_alone(groups[first]) && first + count < groups.size() && !stands_alone(groups[first + count]) &&
           groups[first + count].context == groups[first].context) {
      ++count;
    }
    frame_.enter_batch(batch, now);
    rewriter_.start(batch);
    if (!run_groups(batch, first, count)) return false;
    rewriter_.finish(budget);
    first += count;
  }
  return true;
}

}  // namespace weir::ottl
