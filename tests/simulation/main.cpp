// SPDX-License-Identifier: Apache-2.0
// weir_simulation [--seeds N] [--first SEED] [--crashes N]: N seeded runs, more of them until there were N crashes; a
// failing one is repeated by
// `--first SEED --seeds 1`.
#include <cstdio>
#include <cstdlib>
#include <string>

#include "run.h"

int main(int argc, char** argv) {
  uint64_t seeds = 200, first = 1, crashes_wanted = 0;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string flag = argv[i];
    uint64_t& to = flag == "--seeds" ? seeds : flag == "--first" ? first : crashes_wanted;
    to = std::strtoull(argv[i + 1], nullptr, 10);
  }
  uint64_t crashes = 0, acked = 0, duplicates = 0, runs = 0, failed = 0;
  for (uint64_t seed = first; runs < seeds || crashes < crashes_wanted; ++seed, ++runs) {
    const weir::test::RunResult result = weir::test::simulate(seed);
    crashes += result.crashes;
    acked += result.acked;
    duplicates += result.duplicates;
    if (result.failure.empty()) continue;
    ++failed;
    std::printf("seed %llu: %s\n", static_cast<unsigned long long>(seed), result.failure.c_str());
    if (failed == 10) break;
  }
  std::printf(
      "simulation: %llu runs from seed %llu, %llu crashes, %llu acknowledged spans, %llu duplicates, %llu failed\n",
      static_cast<unsigned long long>(runs), static_cast<unsigned long long>(first),
      static_cast<unsigned long long>(crashes), static_cast<unsigned long long>(acked),
      static_cast<unsigned long long>(duplicates), static_cast<unsigned long long>(failed));
  return failed == 0 ? 0 : 1;
}
