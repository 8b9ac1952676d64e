// SPDX-License-Identifier: Apache-2.0
#include "processors/probabilistic_sampler/config.h"

#include <cmath>

namespace weir {

const config::Fields<ProbabilisticSamplerConfig>& ProbabilisticSamplerConfig::fields() {
  using config::field;
  using C = ProbabilisticSamplerConfig;
  static const config::Fields<C> table{
      field("sampling_percentage", &C::sampling_percentage, "how many percent of the traces stay; from 100 on all"),
      config::choice(
          "mode", &C::mode,
          {{"hash_seed", SamplerMode::kHashSeed},
           {"equalizing", SamplerMode::kEqualizing},
           {"proportional", SamplerMode::kProportional},
           {"", SamplerMode::kHashSeed}},
          "hash_seed: by a hash of the trace id; equalizing, proportional: by its last 56 bits and the trace "
          "state"),
      field("hash_seed", &C::hash_seed, "samplers of one tier share a seed, those of different tiers do not"),
      field("fail_closed", &C::fail_closed, "whether spans whose trace state does not allow a decision are dropped"),
      field("sampling_precision", &C::sampling_precision, "hex digits of the threshold in the trace state, 1 to 14"),
      field("attribute_source", &C::attribute_source, "of logs: traceID or record"),
      field("from_attribute", &C::from_attribute, "of logs: the attribute that is hashed"),
      field("sampling_priority", &C::sampling_priority, "of logs: the attribute that overrides the decision"),
  };
  return table;
}

void ProbabilisticSamplerConfig::validate(const config::Value& at, const std::string& path,
                                          config::Problems& problems) const {
  const double ratio = static_cast<double>(static_cast<float>(sampling_percentage)) / 100;
  const std::string written = "sampling_percentage " + std::to_string(sampling_percentage);
  if (std::isnan(ratio) || std::isinf(ratio)) problems.error(at.place, path, written + " is no number");
  if (ratio < 0) problems.error(at.place, path, "the sampling rate is negative: " + written);
  if (ratio > 0 && ratio < std::ldexp(1.0, -56))
    problems.error(at.place, path, "the sampling rate is too small: " + written);
  if (sampling_precision < 1 || sampling_precision > 14) {
    problems.error(at.place, path, "the sampling precision is 1 to 14, not " + std::to_string(sampling_precision));
  }
  if (attribute_source != "traceID" && attribute_source != "record" && !attribute_source.empty()) {
    problems.error(at.place, path,
                   "unknown attribute_source \"" + attribute_source + "\", expected one of: traceID, record");
  }
}

}  // namespace weir
