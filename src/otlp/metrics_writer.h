// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "otlp/writer.h"
#include "weir/ids.h"

namespace weir::otlp {

// Attributes as repeated KeyValue fields of number 1, which is what Resource and exponential points use as they are.
class AttributeList {
 public:
  void add(std::string_view key, std::string_view value);
  void add_bool(std::string_view key, bool value);
  // A ready KeyValue message, as a sender wrote it.
  void add_entry(std::string_view key_value);
  const std::string& bytes() const { return bytes_; }
  std::string take() { return std::exchange(bytes_, {}); }

 private:
  std::string bytes_;
};

enum class Temporality : uint8_t { kDelta = 1, kCumulative = 2 };

struct ExemplarView {
  TraceId trace_id;
  SpanId span_id;
  double value = 0;
};

// What every point has. `attributes` are bytes of an AttributeList; exemplars carry the point's time.
struct PointHead {
  std::string_view attributes;
  uint64_t start_ns = 0;
  uint64_t time_ns = 0;
  std::span<const ExemplarView> exemplars = {};
};

struct HistogramView {
  uint64_t count = 0;
  double sum = 0;
  std::span<const uint64_t> buckets;  // one more than bounds
  std::span<const double> bounds;
};

// Only the positive side: durations are never negative. min and max are written where count > 0.
struct ExponentialView {
  uint64_t count = 0;
  double sum = 0;
  double min = 0;
  double max = 0;
  uint64_t zero_count = 0;
  int32_t scale = 0;
  int32_t offset = 0;
  std::span<const uint64_t> buckets;
};

// Writes an ExportMetricsServiceRequest: begin_resource, begin_scope, begin_sum (or the like), points, ends in reverse.
class MetricsWriter {
 public:
  explicit MetricsWriter(Temporality temporality) : temporality_(temporality) {}

  void begin_resource(std::string_view attributes);  // bytes of an AttributeList
  void begin_scope(std::string_view name);
  void begin_sum(std::string_view name, std::string_view unit);  // monotonic
  void begin_histogram(std::string_view name, std::string_view unit);
  void begin_exponential(std::string_view name, std::string_view unit);

  void sum_point(const PointHead& head, uint64_t value);
  void histogram_point(const PointHead& head, const HistogramView& histogram);
  void exponential_point(const PointHead& head, const ExponentialView& histogram);

  void end_metric();
  void end_scope() { out_.end(); }
  void end_resource() { out_.end(); }

  uint64_t points() const { return points_; }
  std::string take();

 private:
  void begin_metric(std::string_view name, std::string_view unit, uint32_t data_field);
  void times(const PointHead& head);
  void attributes(uint32_t field, std::string_view list);
  void exemplars(uint32_t field, const PointHead& head);

  MessageWriter out_;
  Temporality temporality_;
  uint64_t points_ = 0;
};

}  // namespace weir::otlp
