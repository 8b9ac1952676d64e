// SPDX-License-Identifier: Apache-2.0
#include "unit/processors/random_traces.h"
#include "unit/processors/tail_journal_rig.h"

// Random policies over random traces with a journal whose answers come late, memory that is short now and then, and a
// process that dies at random moments and comes back some time later: what leaves in all its lives together is what the
// reference keeps.
namespace weir::test {

namespace {

constexpr Duration kStart = 1'700'000'000s;

class Lives {
 public:
  Lives(uint64_t seed, std::string policies)
      : dice_(seed), yaml_("{decision_wait: 2s, policies: [" + policies + "]}"), shards_(seed % 2 == 0 ? 3 : 1) {
    begin(kStart);
  }

  void step() {
    const auto second = static_cast<uint32_t>((rig_->wall - kStart) / 1s);
    const bool short_of_memory = dice_.chance(20);  // while it takes the request in
    if (short_of_memory) rig_->budget.take(rig_->budget.limit());
    rig_->send(request(random_request(dice_, second, all_)));
    if (short_of_memory) rig_->budget.give_back(rig_->budget.limit());
    for (Duration passed{0}; passed < 250ms; passed += 50ms) {
      rig_->wait(50ms);
      if (dice_.chance(15)) journal_.write_all();
      if (dice_.chance(40) && journal_.reads() > 0) journal_.read_one();
      for (uint64_t tasks = dice_.below(4); tasks > 0; --tasks) rig_->shards.run_one();
    }
    if (dice_.chance(12)) die();
  }
  void end() {
    rig_->wait(5s);
    rig_->settle_down();
    REQUIRE(rig_->held() == 0);
    for (const auto& [number, record] : journal_.records()) REQUIRE_FALSE(record.live());
    left_.merge(rig_->sink.ids);
  }
  const std::vector<RefSpan>& all() const { return all_; }
  const std::set<uint64_t>& left() const { return left_; }
  uint32_t deaths() const { return deaths_; }

 private:
  void begin(Duration at) {
    rig_ = std::make_unique<JournalRig>(yaml_, journal_, at, shards_, std::chrono::milliseconds(dice_.below(5000)));
    rig_->replay();
  }
  void die() {
    ++deaths_;
    journal_.die(dice_.below(3));
    left_.insert(rig_->sink.ids.begin(), rig_->sink.ids.end());
    if (dice_.chance(30)) shards_ = shards_ == 1 ? 3 : 1;
    const Duration at = rig_->wall + 250ms * static_cast<int64_t>(dice_.below(12));
    rig_.reset();
    begin(at);
  }

  Dice dice_;
  const std::string yaml_;
  uint32_t shards_;
  FakeJournal journal_;
  std::unique_ptr<JournalRig> rig_;
  std::vector<RefSpan> all_;
  std::set<uint64_t> left_;
  uint32_t deaths_ = 0;
};

}  // namespace

TEST_CASE("tail journal: over restarts at random moments, the same spans are kept") {
  uint32_t deaths = 0;
  for (uint64_t seed = 1; seed <= 150; ++seed) {
    Dice dice(seed);
    std::string yaml;
    const std::vector<RefPolicy> policies = random_policies(dice, yaml);
    CAPTURE(seed, yaml);
    Lives lives(seed + 1000, yaml);
    for (int i = 0; i < 40; ++i) lives.step();
    lives.end();
    deaths += lives.deaths();
    REQUIRE(lives.left() == ReferenceSampler(policies, 2).kept(lives.all()));
  }
  CHECK(deaths > 300);
}

}  // namespace weir::test
