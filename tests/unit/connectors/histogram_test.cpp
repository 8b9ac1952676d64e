// SPDX-License-Identifier: Apache-2.0
#include "connectors/histogram.h"

#include <algorithm>
#include <cmath>
#include <random>

#include "support/catch.h"

namespace weir {
namespace {

TEST_CASE("buckets are found as a lower bound over doubles finds them") {
  std::mt19937_64 random(1);
  for (double ns_per_unit : {1e6, 1e9}) {
    for (size_t size : {0, 1, 2, 3, 7, 16, 33}) {
      std::vector<double> bounds;
      for (size_t i = 0; i < size; ++i) bounds.push_back(static_cast<double>(random() % 5'000'000'000) / ns_per_unit);
      std::sort(bounds.begin(), bounds.end());
      const DurationBuckets buckets(bounds, ns_per_unit);
      REQUIRE(buckets.size() == size + 1);
      for (int i = 0; i < 2000; ++i) {
        uint64_t ns = random() % 6'000'000'000;
        if (size > 0 && i % 2 == 0)
          ns = static_cast<uint64_t>(bounds[random() % size] * ns_per_unit) + random() % 3 - 1;
        const double value = static_cast<double>(ns) / ns_per_unit;
        const auto expected = std::lower_bound(bounds.begin(), bounds.end(), value) - bounds.begin();
        REQUIRE(buckets.find(ns) == static_cast<size_t>(expected));
      }
    }
  }
}

TEST_CASE("a bound belongs to the bucket below it") {
  const DurationBuckets buckets({2, 4, 100}, 1e6);
  CHECK(buckets.find(0) == 0);
  CHECK(buckets.find(2'000'000) == 0);
  CHECK(buckets.find(2'000'001) == 1);
  CHECK(buckets.find(100'000'000) == 2);
  CHECK(buckets.find(UINT64_MAX) == 3);
}

// Values the collector's histogram gave (recorded: one value at scale 20).
TEST_CASE("exponential indexes agree with recorded ones") {
  const auto offset_of = [](double value) {
    ExponentialHistogram h(20);
    h.add(value, 1);
    CHECK(h.view().scale == 20);
    CHECK(h.view().buckets.size() == 1);
    return h.view().offset;
  };
  CHECK(offset_of(6.0) == 2710529);
  CHECK(offset_of(251.0) == 8358769);
  CHECK(offset_of(100.0) == 6966588);
  CHECK(offset_of(0.003) == -8787929);
  CHECK(offset_of(4.0) == (2 << 20) - 1);
}

TEST_CASE("an exponential histogram with only zeros has scale 0") {
  ExponentialHistogram h(160);
  h.add(0, 3);
  CHECK(h.view().scale == 0);
  CHECK(h.view().zero_count == 3);
  CHECK(h.view().buckets.empty());
}

TEST_CASE("order and merging do not matter to an exponential histogram") {
  std::mt19937_64 random(3);
  for (int round = 0; round < 300; ++round) {
    const int32_t max_size = 2 + static_cast<int32_t>(random() % 40);
    std::vector<double> values;
    for (int i = 0; i < 50; ++i)
      values.push_back(random() % 9 == 0 ? 0 : std::exp(static_cast<double>(random() % 2000) / 100 - 10));
    ExponentialHistogram whole(max_size);
    ExponentialHistogram parts[3] = {ExponentialHistogram(max_size), ExponentialHistogram(max_size),
                                     ExponentialHistogram(max_size)};
    for (double v : values) whole.add(v, 1);
    std::shuffle(values.begin(), values.end(), random);
    for (size_t i = 0; i < values.size(); ++i) parts[i % 3].add(values[i], 1);
    parts[1].merge(parts[0]);
    parts[1].merge(parts[2]);
    const otlp::ExponentialView a = whole.view();
    const otlp::ExponentialView b = parts[1].view();
    REQUIRE(a.scale == b.scale);
    REQUIRE(a.offset == b.offset);
    REQUIRE(a.zero_count == b.zero_count);
    REQUIRE(a.min == b.min);
    REQUIRE(a.max == b.max);
    REQUIRE(std::equal(a.buckets.begin(), a.buckets.end(), b.buckets.begin(), b.buckets.end()));
    REQUIRE(a.buckets.size() <= static_cast<size_t>(max_size));
    REQUIRE((a.buckets.empty() || (a.buckets.front() > 0 && a.buckets.back() > 0)));
    // Every value lies in its bucket.
    const double base = std::pow(2, std::pow(2, -a.scale));
    uint64_t total = a.zero_count;
    for (uint64_t count : a.buckets) total += count;
    REQUIRE(total == values.size());
    for (double v : values) {
      if (v == 0) continue;
      const double index = std::ceil(std::log(v) / std::log(base) - 1e-6) - 1 - a.offset;
      REQUIRE(index >= -1);
      REQUIRE(index <= static_cast<double>(a.buckets.size()));
    }
  }
}

}  // namespace
}  // namespace weir
