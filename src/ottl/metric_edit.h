// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "otlp/metrics_reader.h"
#include "ottl/frame.h"

namespace weir::ottl {

// Of the metric that the frame stands on, as statements before have changed it.
otlp::MetricType metric_type(Frame& frame);
// Its Gauge, Sum, … message; "" where it has none.
std::string_view metric_data(Frame& frame);
// f(point message) for each of its points; f may return false to stop.
template <class F>
void for_each_metric_point(Frame& frame, F&& f) {
  otlp::detail::for_each_payload(metric_data(frame), otlp::field::metric_data::kDataPoints, f);
}

}  // namespace weir::ottl
