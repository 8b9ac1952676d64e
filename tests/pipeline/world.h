// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "daemon/components.h"
#include "daemon/wiring/graph.h"
#include "scenario.h"
#include "support/quiet.h"
#include "support/sim.h"
#include "test_exporter.h"
#include "weir/budget.h"

namespace weir::test {

// The whole pipeline of a configuration with N shards on one thread, from a seed (DESIGN law 8). Throws
// std::runtime_error where the configuration is wrong or the accounts do not balance.
class World {
 public:
  World(const std::string& config, uint32_t shards, uint64_t seed);
  ~World();
  void run(const Scenario& scenario);
  // An OTLP trace request on a connection of a shard drawn from the seed.
  void send(const std::string& request);
  void pass(Duration time);  // in ticks of 10 ms, the identity checked at each second
  void drain();
  void check_identity() const;
  std::vector<std::string> lines_of(const std::string& expectation) const;  // sorted
  const Received& received() const { return received_; }
  Ledger& ledger() { return ledger_; }

 private:
  void tick();
  std::vector<std::string> account_lines() const;

  ManualClock clock_;
  std::mt19937_64 random_;
  QuietLog log_;
  NoTelemetry telemetry_;
  ByteBudget budget_{1ull << 30};
  Ledger ledger_;
  SimShards shards_;
  Received received_;
  ComponentList list_;
  std::unique_ptr<Graph> graph_;
  int answers_owed_ = 0;
};

}  // namespace weir::test
