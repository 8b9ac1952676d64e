// SPDX-License-Identifier: Apache-2.0
#include "ottl/metric_edit.h"

#include "otlp/fields.h"

namespace weir::ottl {

using otlp::MetricType;

MetricType metric_type(Frame& frame) {
  const MessageEdit& metric = frame.message();
  MetricType removed = MetricType::kNone;
  for (auto type : {MetricType::kGauge, MetricType::kSum, MetricType::kHistogram, MetricType::kExponentialHistogram,
                    MetricType::kSummary}) {
    if (!metric.changed(otlp::data_field(type))) continue;
    if (metric.bytes(otlp::data_field(type))) return type;
    removed = type;
  }
  otlp::MetricView view;
  otlp::read_metric(metric.original(), view);
  return view.type == removed ? MetricType::kNone : view.type;
}

std::string_view metric_data(Frame& frame) {
  const MetricType type = metric_type(frame);
  return type == MetricType::kNone ? std::string_view() : frame.message().nested(otlp::data_field(type), frame.arena());
}

}  // namespace weir::ottl
