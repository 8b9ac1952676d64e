// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "otlp/fields.h"
#include "ottl/metric_edit.h"
#include "ottl/run.h"

// The bodies of PartWalk.
namespace weir::ottl {

template <class F>
bool PartWalk::walk(std::string_view message, uint32_t field, uint32_t attributes, F&& visit) {
  size_t index = 0;
  return otlp::detail::for_each_payload(message, field, [&](std::string_view part) {
    frame_.enter_part(part, attributes, index++);
    const PartFate fate = visit();
    if (fate == PartFate::kStop) return false;
    const bool edited = frame_.level(Level::kPart).edit.changed();
    changed_ = changed_ || edited || fate == PartFate::kRemove;
    if (fate == PartFate::kKeep) kept_.push_back(edited ? written() : part);
    return true;
  });
}

template <class F>
bool PartWalk::events(F&& visit) {
  namespace field = otlp::field;
  if (!frame_.span().has_events) return true;
  if (!walk(frame_.message().original(), field::span::kEvents, field::event::kAttributes, visit)) return false;
  if (!changed_) return true;
  auto* list = frame_.arena().array<std::string_view>(kept_.size());
  std::copy(kept_.begin(), kept_.end(), list);
  frame_.message().replace_all(field::span::kEvents, {list, kept_.size()});
  return true;
}

template <class F>
bool PartWalk::points(F&& visit) {
  namespace field = otlp::field;
  const otlp::MetricType type = metric_type(frame_);
  if (type == otlp::MetricType::kNone) return true;
  if (!walk(metric_data(frame_), field::metric_data::kDataPoints, otlp::attributes_field(type), visit)) return false;
  if (!changed_) return true;
  MessageEdit edit;
  // What statements changed in the data beside its points (temporality) is kept.
  edit.start(metric_data(frame_), 0);
  edit.replace_all(field::metric_data::kDataPoints, kept_);
  otlp::MessageWriter out;
  edit.write(out);
  put_metric_data(frame_, type, frame_.arena().copy(out.take()));
  return true;
}

inline std::string_view PartWalk::written() {
  otlp::MessageWriter out;
  frame_.level(Level::kPart).edit.write(out);
  return frame_.arena().copy(out.take());
}

}  // namespace weir::ottl
