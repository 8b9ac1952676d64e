// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "processors/probabilistic_sampler/config.h"
#include "weir/component.h"

namespace weir {

// Keeps a fixed share of the traces, or log records, each span judged alone: all of a trace have the same randomness.
std::unique_ptr<Processor> make_probabilistic_sampler(const ProbabilisticSamplerConfig& config,
                                                      const ComponentEnv& env);

}  // namespace weir
