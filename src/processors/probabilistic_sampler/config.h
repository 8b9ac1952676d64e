// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "config/fields.h"

namespace weir {

enum class SamplerMode : uint8_t { kHashSeed, kEqualizing, kProportional };

// Keys of the `probabilistic_sampler` processor (collector-semantics §6.1, §0.2).
struct ProbabilisticSamplerConfig {
  double sampling_percentage = 0;  // of the precision of a float, as in the collector
  SamplerMode mode = SamplerMode::kHashSeed;
  uint32_t hash_seed = 0;
  bool fail_closed = true;
  int32_t sampling_precision = 4;
  // Of logs; without effect on traces. from_attribute: of mode hash_seed alone.
  std::string attribute_source = "traceID", from_attribute, sampling_priority;

  static const config::Fields<ProbabilisticSamplerConfig>& fields();
  void validate(const config::Value& at, const std::string& path, config::Problems& problems) const;
};

}  // namespace weir
