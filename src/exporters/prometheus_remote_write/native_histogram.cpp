// SPDX-License-Identifier: Apache-2.0
#include "exporters/prometheus_remote_write/native_histogram.h"

#include <algorithm>
#include <bit>
#include <utility>
#include <vector>

#include "otlp/writer.h"

namespace weir {
namespace {

// prometheus.Histogram and BucketSpan
namespace field {
constexpr uint32_t kCountInt = 1, kSum = 3, kSchema = 4, kZeroThreshold = 5, kZeroCountInt = 6, kNegativeSpans = 8,
                   kNegativeDeltas = 9, kPositiveSpans = 11, kPositiveDeltas = 12;
constexpr uint32_t kSpanOffset = 1, kSpanLength = 2;
}  // namespace field

constexpr int32_t kMinSchema = -4;
constexpr int32_t kMaxSchema = 8;
constexpr double kDefaultZeroThreshold = 1e-128;
constexpr int64_t kMaxGapInSpan = 2;  // empty buckets that are cheaper written out than as a new span

struct Span {
  int64_t offset = 0;  // the first: index of its first bucket; others: gap to the one before
  uint32_t length = 0;
};

// Prometheus's layout: spans of neighbouring buckets, each count as its difference to the one before. Its bucket i has
// the upper bound that OTLP gives bucket i - 1.
struct Layout {
  std::vector<Span> spans;
  std::vector<uint64_t> deltas;  // zigzag
  int64_t last_index = 0;
  int64_t last_count = 0;

  void append(int64_t count) {
    const int64_t delta = count - last_count;
    deltas.push_back((static_cast<uint64_t>(delta) << 1) ^ static_cast<uint64_t>(delta >> 63));
    last_count = count;
    ++spans.back().length;
  }
  void add(int64_t index, uint64_t count) {
    const int64_t gap = index - last_index - 1;
    if (spans.empty()) {
      spans.push_back({index, 0});
    } else if (gap > kMaxGapInSpan) {
      spans.push_back({gap, 0});
    } else {
      for (int64_t i = 0; i < gap; ++i) append(0);
    }
    append(static_cast<int64_t>(count));
    last_index = index;
  }
};

Layout layout_of(const otlp::ExponentialBuckets& buckets, int32_t coarser) {
  Layout layout;
  int64_t index = 0;
  uint64_t count = 0;
  for (size_t i = 0; i < buckets.counts.size(); ++i) {
    if (buckets.counts[i] == 0) continue;
    const int64_t at = ((static_cast<int64_t>(buckets.offset) + static_cast<int64_t>(i)) >> coarser) + 1;
    if (count > 0 && at != index) layout.add(index, std::exchange(count, 0));
    index = at;
    count += buckets.counts[i];
  }
  if (count > 0) layout.add(index, count);
  return layout;
}

void write_layout(otlp::MessageWriter& writer, const Layout& layout, uint32_t spans_field, uint32_t deltas_field) {
  for (const Span& span : layout.spans) {
    writer.begin(spans_field);
    writer.zigzag(field::kSpanOffset, span.offset);
    writer.varint(field::kSpanLength, span.length);
    writer.end();
  }
  writer.packed_varint(deltas_field, layout.deltas);
}

struct Head {
  uint64_t count = 0;
  double sum = 0;
  uint64_t zero_count = 0;
};

void write_head(otlp::MessageWriter& writer, const otlp::MetricPoint& point, const Head& head) {
  writer.varint(field::kCountInt, head.count);
  writer.real(field::kSum, head.sum);
  writer.zigzag(field::kSchema, std::min(point.scale, kMaxSchema));
  writer.real(field::kZeroThreshold, point.zero_threshold > 0 ? point.zero_threshold : kDefaultZeroThreshold);
  writer.varint(field::kZeroCountInt, head.zero_count);
}

bool counts_agree(const otlp::MetricPoint& point) {
  uint64_t sum = point.zero_count;
  for (const auto* buckets : {&point.positive, &point.negative}) {
    for (const uint64_t n : buckets->counts) sum += n;
  }
  return point.count >= sum;
}

}  // namespace

double stale_marker() { return std::bit_cast<double>(kStaleMarkerBits); }

std::optional<std::string> encode_native_histogram(const otlp::MetricPoint& point) {
  otlp::MessageWriter writer;
  if (point.no_recorded_value) {
    write_head(writer, point, {kStaleMarkerBits, stale_marker(), 0});
  } else {
    if (point.scale < kMinSchema || !counts_agree(point)) return std::nullopt;
    write_head(writer, point, {point.count, point.sum, point.zero_count});
    const int32_t coarser = std::min(std::max(point.scale - kMaxSchema, 0), 62);
    write_layout(writer, layout_of(point.negative, coarser), field::kNegativeSpans, field::kNegativeDeltas);
    write_layout(writer, layout_of(point.positive, coarser), field::kPositiveSpans, field::kPositiveDeltas);
  }
  return writer.take();
}

std::string encode_empty_histogram(const otlp::MetricPoint& point) {
  otlp::MessageWriter writer;
  write_head(writer, point, {});
  return writer.take();
}

}  // namespace weir
