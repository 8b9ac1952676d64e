// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "processors/tail_sampling/config.h"
#include "weir/component.h"

namespace weir {

// Holds the spans of a trace until it can be judged, then sends all of them on or none. Answers early. Traces are split
// over the shards unless the config writes a limit so small that one shard must keep it alone (DESIGN §2.4).
std::unique_ptr<Processor> make_tail_sampling(const TailSamplingConfig& config, const ComponentEnv& env);

}  // namespace weir
