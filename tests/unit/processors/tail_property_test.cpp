// SPDX-License-Identifier: Apache-2.0
#include "unit/processors/random_traces.h"
#include "unit/processors/tail_rig.h"

// Random policies over random traces, sent in random pieces over some seconds: the stages keep exactly what the
// reference keeps, on one shard and on three.
namespace weir::test {

namespace {

// Sends some requests a quarter of a second apart; gives all spans in order of arrival.
std::vector<RefSpan> send_random(Dice& dice, TailRig& rig) {
  std::vector<RefSpan> all;
  for (uint32_t quarter = 0; quarter < 40; ++quarter) {
    rig.send(request(random_request(dice, quarter / 4, all)));
    rig.wait(250ms, 50ms);
  }
  return all;
}

}  // namespace

TEST_CASE("tail: keeps what a slow, obvious reference keeps, on one shard and on three") {
  for (uint64_t seed = 1; seed <= 150; ++seed) {
    Dice dice(seed);
    std::string yaml;
    const std::vector<RefPolicy> policies = random_policies(dice, yaml);
    TailRig rig("{decision_wait: 2s, policies: [" + yaml + "]}", seed % 2 == 0 ? 3 : 1);
    CAPTURE(seed, yaml);
    const std::vector<RefSpan> spans = send_random(dice, rig);
    rig.wait(5s);
    REQUIRE(rig.held() == 0);
    const std::set<uint64_t> expected = ReferenceSampler(policies, 2).kept(spans);
    REQUIRE(rig.kept() == Ids(expected.begin(), expected.end()));
  }
}

}  // namespace weir::test
