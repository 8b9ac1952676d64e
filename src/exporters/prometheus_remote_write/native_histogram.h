// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "otlp/metrics_reader.h"

namespace weir {

// The value that ends a series.
inline constexpr uint64_t kStaleMarkerBits = 0x7ff0000000000002;
double stale_marker();
inline constexpr uint32_t kHistogramTimestamp = 15;

// An exponential histogram point as a prometheus.Histogram message, without its timestamp (field kHistogramTimestamp).
// Nothing where Prometheus could not take it: a scale below -4, or more in the buckets than the count says (the
// receiver would answer 500 for ever). Scales above 8 are made coarser.
std::optional<std::string> encode_native_histogram(const otlp::MetricPoint& point);
// The same histogram before its first observation.
std::string encode_empty_histogram(const otlp::MetricPoint& point);

}  // namespace weir
