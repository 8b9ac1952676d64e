// SPDX-License-Identifier: Apache-2.0
#include "ottl/metric_edit.h"

#include "otlp/fields.h"

namespace weir::ottl {

using otlp::MetricType;

namespace {

MetricType find_type(Frame& frame) {
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

std::string_view data_of(Frame& frame, MetricType type) {
  return type == MetricType::kNone ? std::string_view() : frame.message().nested(otlp::data_field(type), frame.arena());
}

MetricFacts find_facts(Frame& frame) {
  namespace field = otlp::field::metric_data;
  MetricFacts facts;
  facts.type = find_type(frame);
  otlp::FieldCursor cursor(data_of(frame, facts.type));
  while (cursor.next()) {
    const bool number = cursor.type() != otlp::WireType::kBytes;
    if (number && cursor.number() == field::kAggregationTemporality) facts.temporality = cursor.value();
    if (number && cursor.number() == field::kIsMonotonic) facts.monotonic = cursor.value() != 0;
    if (!number && cursor.number() == field::kDataPoints) ++facts.points;
  }
  return facts;
}

}  // namespace

const MetricFacts& metric_facts(Frame& frame) {
  auto& facts = frame.metric_facts();
  if (!facts) facts = find_facts(frame);
  return *facts;
}

MetricType metric_type(Frame& frame) { return metric_facts(frame).type; }

std::string_view metric_data(Frame& frame) { return data_of(frame, metric_type(frame)); }

void put_metric_data(Frame& frame, MetricType type, std::string_view data) {
  frame.message().put_bytes(otlp::data_field(type), data);
  frame.metric_facts().reset();
}

}  // namespace weir::ottl
