// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "otlp/metrics_reader.h"
#include "ottl/frame.h"

namespace weir::ottl {

// Of the metric that the frame stands on, as statements before have changed it.
otlp::MetricType metric_type(Frame& frame);
// As above. Looked up once for all points of a metric, and again after put_metric_data().
const MetricFacts& metric_facts(Frame& frame);
// Its Gauge, Sum, … message; "" where it has none.
std::string_view metric_data(Frame& frame);
// `data` lives as long as the frame stands on the metric.
void put_metric_data(Frame& frame, otlp::MetricType type, std::string_view data);
// f(point message) for each of its points; f may return false to stop.
template <class F>
void for_each_metric_point(Frame& frame, F&& f) {
  otlp::detail::for_each_payload(metric_data(frame), otlp::field::metric_data::kDataPoints, f);
}

}  // namespace weir::ottl
