// SPDX-License-Identifier: Apache-2.0
#include "connectors/histogram.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

namespace weir {
namespace {

constexpr int32_t kMaxScale = 20;
constexpr int32_t kMinScale = -11;  // at which one bucket holds all that is greater than 1
constexpr int64_t kMaxExponent = 1100;
constexpr int32_t kLeastSize = 2;
constexpr int32_t kGreatestSize = 16384;

// The largest number of nanoseconds that, as a double in the unit, is <= bound.
uint64_t largest_inside(double bound, double ns_per_unit) {
  if (!(bound >= 0)) return 0;
  const double guess = std::floor(bound * ns_per_unit);
  if (guess >= static_cast<double>(std::numeric_limits<int64_t>::max())) return std::numeric_limits<uint64_t>::max();
  auto ns = static_cast<uint64_t>(guess);
  while (static_cast<double>(ns + 1) / ns_per_unit <= bound) ++ns;
  while (ns > 0 && static_cast<double>(ns) / ns_per_unit > bound) --ns;
  return ns;
}

// Index of the bucket (2^(i/2^20), 2^((i+1)/2^20)] that holds the value. Powers of two are upper bounds, exactly.
int64_t index_at_max_scale(double value) {
  int exponent = 0;
  const double fraction = std::frexp(value, &exponent);  // value = fraction * 2^exponent, fraction in [0.5, 1)
  if (fraction == 0.5) return (static_cast<int64_t>(exponent - 1) << kMaxScale) - 1;
  return static_cast<int64_t>(std::floor(std::log(value) * std::ldexp(std::numbers::log2e, kMaxScale)));
}

}  // namespace

DurationBuckets::DurationBuckets(std::vector<double> bounds, double ns_per_unit)
    : bounds_(std::move(bounds)), ns_per_unit_(ns_per_unit) {
  for (double bound : bounds_) last_inside_.push_back(largest_inside(bound, ns_per_unit));
}

ExponentialHistogram::ExponentialHistogram(int32_t max_size)
    : max_size_(std::clamp(max_size, kLeastSize, kGreatestSize)), scale_(kMaxScale) {}

void ExponentialHistogram::add(double value, uint64_t times) {
  if (times == 0) return;
  min_ = count_ == 0 ? value : std::min(min_, value);
  max_ = std::max(max_, value);
  count_ += times;
  if (value <= 0) {
    zero_count_ += times;
    return;
  }
  const int64_t index = index_at_max_scale(value);
  add_index(index >> (kMaxScale - scale_), index >> (kMaxScale - scale_));
  buckets_[(index >> (kMaxScale - scale_)) - offset_] += times;
}

void ExponentialHistogram::merge(const ExponentialHistogram& other) {
  if (other.count_ == 0) return;
  min_ = count_ == 0 ? other.min_ : std::min(min_, other.min_);
  max_ = std::max(max_, other.max_);
  count_ += other.count_;
  zero_count_ += other.zero_count_;
  if (other.buckets_.empty()) return;
  if (other.scale_ < scale_) downscale(scale_ - other.scale_);
  const int32_t shift = other.scale_ - scale_;
  add_index(other.offset_ >> shift, (other.offset_ + static_cast<int64_t>(other.buckets_.size()) - 1) >> shift);
  for (size_t i = 0; i < other.buckets_.size(); ++i) {
    const int64_t index = (other.offset_ + static_cast<int64_t>(i)) >> (other.scale_ - scale_);
    buckets_[index - offset_] += other.buckets_[i];
  }
}

// `low` and `high` are indexes at the present scale.
void ExponentialHistogram::add_index(int64_t low, int64_t high) {
  if (!buckets_.empty()) {
    low = std::min(low, offset_);
    high = std::max(high, offset_ + static_cast<int64_t>(buckets_.size()) - 1);
  }
  int32_t by = 0;
  while ((high >> by) - (low >> by) >= max_size_) ++by;
  downscale(by);
  low >>= by;
  high >>= by;
  if (buckets_.empty()) {
    offset_ = low;
  } else if (low < offset_) {
    buckets_.insert(buckets_.begin(), offset_ - low, 0);
    offset_ = low;
  }
  buckets_.resize(std::max<size_t>(buckets_.size(), high - offset_ + 1), 0);
}

void ExponentialHistogram::downscale(int32_t by) {
  if (by == 0) return;
  scale_ -= by;
  if (buckets_.empty()) return;
  const int64_t offset = offset_ >> by;
  size_t size = 0;
  for (size_t i = 0; i < buckets_.size(); ++i) {
    const auto to = static_cast<size_t>(((offset_ + static_cast<int64_t>(i)) >> by) - offset);
    const uint64_t moved = buckets_[i];
    buckets_[i] = 0;
    buckets_[to] += moved;
    size = to + 1;
  }
  buckets_.resize(size);
  offset_ = offset;
}

otlp::ExponentialView ExponentialHistogram::view() const {
  otlp::ExponentialView out;
  out.count = count_;
  out.min = min_;
  out.max = max_;
  out.zero_count = zero_count_;
  out.scale = buckets_.empty() ? 0 : scale_;  // all zeros: the scale does not matter
  out.offset = static_cast<int32_t>(offset_);
  out.buckets = buckets_;
  return out;
}

void ExponentialHistogram::save(std::string& out) const {
  put_fixed(out, scale_);
  put_varint(out, count_);
  put_varint(out, zero_count_);
  put_fixed(out, min_);
  put_fixed(out, max_);
  put_fixed(out, offset_);
  put_varint(out, buckets_.size());
  for (uint64_t bucket : buckets_) put_varint(out, bucket);
}

bool ExponentialHistogram::load(ByteReader& in) {
  scale_ = in.fixed<int32_t>();
  count_ = in.varint();
  zero_count_ = in.varint();
  min_ = in.fixed<double>();
  max_ = in.fixed<double>();
  offset_ = in.fixed<int64_t>();
  buckets_.assign(in.count(), 0);
  for (uint64_t& bucket : buckets_) bucket = in.varint();
  if (!in.ok() || scale_ > kMaxScale || scale_ < kMinScale) return false;
  // A double's exponent says how far from 1 a bucket can be.
  return std::abs(offset_ >> std::max(scale_, 0)) <= kMaxExponent && buckets_.size() <= static_cast<size_t>(max_size_);
}

}  // namespace weir
