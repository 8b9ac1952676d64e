// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "model.h"
#include "process.h"

namespace weir::test {

struct RunResult {
  std::string failure;  // "" = all held
  uint64_t crashes = 0;
  uint64_t acked = 0;
  uint64_t duplicates = 0;
};

// One seeded run: requests, crashes between any two tasks (with what a kill or a loss of power leaves on the disk),
// disk errors, sinks that fail, lose answers or refuse one span, restarts after a while. In the end everything heals,
// all is drained, and every promise is checked. The same seed gives the same run.
RunResult simulate(uint64_t seed);

}  // namespace weir::test
