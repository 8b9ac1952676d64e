// SPDX-License-Identifier: Apache-2.0
#include "processors/tail_sampling/policies.h"
#include "processors/tail_sampling/probability.h"

namespace weir {

namespace {

class Probabilistic final : public Policy {
 public:
  Probabilistic(const std::string& salt, double percentage)
      : seed_(fnv1a_64(salt)), threshold_(sampling_threshold(percentage)) {}
  Decision decide(const TraceFacts& trace, Time) override {
    return sampled_if(fnv1a_64(trace.id.bytes(), seed_) <= threshold_);
  }

 private:
  const uint64_t seed_;  // hash of the salt: the id's bytes go on from there
  const uint64_t threshold_;
};

struct ProbabilisticSpec final : PolicySpec {
  std::string hash_salt;
  double sampling_percentage = 0;

  static const config::Fields<ProbabilisticSpec>& fields() {
    using config::field;
    using Spec = ProbabilisticSpec;
    static const config::Fields<Spec> table{
        field("hash_salt", &Spec::hash_salt, "makes samplers choose independently; empty = default-hash-seed"),
        field("sampling_percentage", &Spec::sampling_percentage, "part of the traces that is sampled, in percent"),
    };
    return table;
  }
  std::unique_ptr<Policy> build(SpanTests&) const override {
    return std::make_unique<Probabilistic>(hash_salt.empty() ? "default-hash-seed" : hash_salt, sampling_percentage);
  }
};

}  // namespace

SpecRef read_probabilistic(const config::At& block) { return read_spec<ProbabilisticSpec>(block); }

}  // namespace weir
