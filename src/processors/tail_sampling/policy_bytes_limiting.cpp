// SPDX-License-Identifier: Apache-2.0
#include "processors/tail_sampling/policies.h"
#include "processors/tail_sampling/token_bucket.h"

namespace weir {

namespace {

class BytesLimiting final : public Policy {
 public:
  BytesLimiting(int64_t bytes_per_second, int64_t burst) : bucket_(bytes_per_second, burst) {}
  Decision decide(const TraceFacts& trace, Time now) override {
    return sampled_if(bucket_.allow(static_cast<int64_t>(trace.bytes), now.mono));
  }

 private:
  TokenBucket bucket_;
};

// Takes its tokens whether or not another policy has sampled the trace already, as in the collector.
struct BytesLimitingSpec final : PolicySpec {
  int64_t bytes_per_second = 0;
  int64_t burst_capacity = 0;  // 0 = twice the rate

  static const config::Fields<BytesLimitingSpec>& fields() {
    using config::field;
    using Spec = BytesLimitingSpec;
    static const config::Fields<Spec> table{
        field("bytes_per_second", &Spec::bytes_per_second,
              "bytes (protobuf size of whole traces) that are sampled per second"),
        field("burst_capacity", &Spec::burst_capacity, "bytes that are sampled at once; 0 = twice the rate"),
    };
    return table;
  }
  void validate(const config::Value& at, const std::string& path, config::Problems& problems) const {
    if (bytes_per_second < 0) problems.error(at.place, path, "bytes_per_second must not be negative");
    if (burst_capacity < 0) problems.error(at.place, path, "burst_capacity must not be negative");
  }
  std::unique_ptr<Policy> build(SpanTests&) const override {
    return std::make_unique<BytesLimiting>(bytes_per_second,
                                           burst_capacity > 0 ? burst_capacity : 2 * bytes_per_second);
  }
  uint64_t smallest_limit() const override { return static_cast<uint64_t>(bytes_per_second); }
  bool needs_bytes() const override { return true; }
};

}  // namespace

SpecRef read_bytes_limiting(const config::At& block) { return read_spec<BytesLimitingSpec>(block); }

}  // namespace weir
