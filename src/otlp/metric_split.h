// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace weir::otlp {

// Two Metric messages that hold the points of one.
struct SplitMetric {
  std::string front;
  std::string back;
};

// Splits a Metric message between its data points: the first `points` go to the front, the rest to the back; everything
// else (name, unit, temporality, unknown fields) is in both.
SplitMetric split_metric(std::string_view metric, uint32_t points);

}  // namespace weir::otlp
