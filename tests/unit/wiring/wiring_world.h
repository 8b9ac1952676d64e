// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "daemon/wiring/edge.h"
#include "daemon/wiring/graph.h"
#include "fakes.h"
#include "support/catch.h"

namespace weir::test {

// A graph on simulated shards, with the identity of law 4 checked whenever asked.
struct World {
  explicit World(uint32_t shard_count, uint64_t seed = 1) : shards(shard_count, seed, Edge::set_current_shard) {
    env.shards = &shards;
    env.clock = &clock;
    env.ledger = &ledger;
  }
  void build(GraphParts parts) { graph = std::make_unique<Graph>(std::move(parts), env); }
  // A request on a connection of `shard`, admitted there; `answers` counts what the sender heard.
  void send(uint32_t shard, Batch batch, const std::string& receiver = "otlp") {
    auto carried = std::make_shared<Batch>(std::move(batch));
    shards.at(shard).post([this, carried, receiver] {
      graph->admission(receiver, Signal::kTraces)->admit(std::move(*carried), [this](Answer answer) {
        answers.push_back(answer.kind);
      });
    });
  }
  void check_identity() {
    const std::vector<uint64_t> held = graph->held();
    for (DestinationId i = 0; i < ledger.size(); ++i) {
      INFO(ledger.account(i).pipeline << " -> " << ledger.account(i).exporter);
      REQUIRE(ledger.account(i).admitted == ledger.account(i).settled() + held[i]);
    }
  }
  void drain() {
    for (DrainStep& step : graph->drain_steps()) {
      size_t open = step.jobs.size();
      for (auto& [shard, job] : step.jobs) {
        shards.at(shard).post(
            [&open, job = std::move(job), now = clock.now()]() mutable { job(now, [&open] { --open; }); });
      }
      shards.run_until_idle();
      REQUIRE(open == 0);
    }
  }
  uint64_t outcome(DestinationId destination, Outcome what) const {
    return ledger.account(destination).outcomes[static_cast<size_t>(what)];
  }

  ManualClock clock;
  SimShards shards;
  Ledger ledger;
  ComponentEnv env;
  std::unique_ptr<Graph> graph;
  std::vector<Answer::Kind> answers;
};

inline GraphParts::Pipeline pipeline(std::string id, std::vector<std::string> from, std::vector<std::string> to,
                                     Signal signal = Signal::kTraces) {
  GraphParts::Pipeline made;
  made.id = std::move(id);
  made.signal = signal;
  made.receivers = std::move(from);
  made.exporters = std::move(to);
  return made;
}

}  // namespace weir::test
