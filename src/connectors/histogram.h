// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/binary.h"
#include "otlp/metrics_writer.h"

namespace weir {

// Sums of nanoseconds are kept as integers: exact, and the same whatever the order and the number of shards.
__extension__ typedef unsigned __int128 Uint128;

inline void put_uint128(std::string& out, Uint128 value) {
  put_varint(out, static_cast<uint64_t>(value));
  put_varint(out, static_cast<uint64_t>(value >> 64));
}
inline Uint128 take_uint128(ByteReader& in) {
  const Uint128 low = in.varint();
  return low | static_cast<Uint128>(in.varint()) << 64;
}

// Explicit buckets of durations, searched without floating point. `bounds` are ascending, in a unit of `ns_per_unit`.
class DurationBuckets {
 public:
  DurationBuckets(std::vector<double> bounds, double ns_per_unit);

  // Index of the first bucket whose bound is >= the duration (the collector's lower-bound search).
  size_t find(uint64_t ns) const {
    const uint64_t* at = last_inside_.data();
    size_t length = last_inside_.size();
    size_t base = 0;
    while (length > 0) {
      const size_t half = (length + 1) / 2;
      base += at[base + half - 1] < ns ? half : 0;
      length -= half;
    }
    return base;
  }
  size_t size() const { return bounds_.size() + 1; }
  const std::vector<double>& bounds() const { return bounds_; }
  double ns_per_unit() const { return ns_per_unit_; }

 private:
  std::vector<double> bounds_;
  std::vector<uint64_t> last_inside_;  // per bound, the largest duration that is <= it
  double ns_per_unit_;
};

// A base-2 exponential histogram of non-negative values with at most `max_size` buckets. The scale is the largest, from
// 20 down, at which all values fit, so the result depends neither on the order of values nor on how they were merged.
class ExponentialHistogram {
 public:
  explicit ExponentialHistogram(int32_t max_size);

  void add(double value, uint64_t times);
  void merge(const ExponentialHistogram& other);

  uint64_t count() const { return count_; }
  // Everything but the sum, which its owner keeps exactly.
  otlp::ExponentialView view() const;

  void save(std::string& out) const;
  // In place of what it holds. False where the bytes are no histogram of that size.
  bool load(ByteReader& in);

 private:
  void add_index(int64_t low, int64_t high);  // makes room for both
  void downscale(int32_t by);

  int32_t max_size_;
  int32_t scale_;
  uint64_t count_ = 0;
  uint64_t zero_count_ = 0;
  double min_ = 0;
  double max_ = 0;
  int64_t offset_ = 0;  // index of buckets_[0]
  std::vector<uint64_t> buckets_;
};

}  // namespace weir
