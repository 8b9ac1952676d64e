// SPDX-License-Identifier: Apache-2.0
#include "world.h"

#include <algorithm>
#include <stdexcept>

#include "daemon/assemble.h"
#include "daemon/wiring/edge.h"
#include "otlp/walker.h"
#include "test_components.h"

namespace weir::test {

namespace {

constexpr Duration kTick = std::chrono::milliseconds(10);

}  // namespace

World::World(const std::string& config, uint32_t shards, uint64_t seed)
    : random_(seed), shards_(shards, seed, Edge::set_current_shard), list_(test_components(received_)) {
  const config::ServiceConfig loaded = load_test_config(config, list_);
  ComponentEnv env;
  env.shards = &shards_;
  env.clock = &clock_;
  env.budget = &budget_;
  env.ledger = &ledger_;
  env.telemetry = &telemetry_;
  env.log = &log_;
  env.seed = seed;
  graph_ = std::make_unique<Graph>(make_parts(loaded, list_, env), env);
}

World::~World() = default;

void World::send(const std::string& request) {
  Batch batch;
  const otlp::WalkResult walked =
      otlp::walk(Signal::kTraces, Part{BufferRef::copy_of(request), nullptr, 0, kNoDestination}, batch);
  if (!walked.ok) throw std::runtime_error("the test's request is refused: " + walked.error);
  const auto context = std::make_shared<Context>();
  context->receiver = "otlp";
  context->received = clock_.now();
  batch.context = context;
  const auto carried = std::make_shared<Batch>(std::move(batch));
  ++answers_owed_;
  shards_.at(static_cast<uint32_t>(random_() % shards_.size())).post([this, carried] {
    graph_->admission("otlp", Signal::kTraces)->admit(std::move(*carried), [this](const Answer&) { --answers_owed_; });
  });
  shards_.run_until_idle();
}

void World::tick() {
  clock_.advance(kTick);
  for (uint32_t shard = 0; shard < shards_.size(); ++shard) {
    shards_.at(shard).post([this, shard, now = clock_.now()] { graph_->tick(shard, now); });
  }
  shards_.run_until_idle();
}

void World::pass(Duration time) {
  int ticks = 0;
  for (Duration passed{0}; passed < time; passed += kTick) {
    tick();
    if (++ticks % 100 == 0) check_identity();
  }
}

void World::drain() {
  for (DrainStep& step : graph_->drain_steps()) {
    size_t open = step.jobs.size();
    for (auto& [shard, job] : step.jobs) {
      shards_.at(shard).post(
          [&open, job = std::move(job), now = clock_.now()]() mutable { job(now, [&open] { --open; }); });
    }
    shards_.run_until_idle();
    if (open != 0) throw std::runtime_error("a drain step did not finish: " + step.what);
  }
  pass(std::chrono::seconds(2));
  for (uint32_t shard = 0; shard < shards_.size(); ++shard) graph_->abandon_exporters(shard);
  check_identity();
  if (answers_owed_ != 0) throw std::runtime_error("a request was never answered");
}

void World::run(const Scenario& scenario) {
  Duration at{0};
  tick();
  for (const Scenario::Request& request : scenario.requests) {
    pass(request.at - at);
    at = request.at;
    if (!request.spans.empty()) send(encode_request(request.spans, clock_.now().wall));
    check_identity();
  }
  drain();
}

void World::check_identity() const {
  const std::vector<uint64_t> held = graph_->held();
  for (DestinationId id = 0; id < ledger_.size(); ++id) {
    const Ledger::Account& account = ledger_.account(id);
    if (account.observer) continue;
    if (account.admitted == account.settled() + held[id]) continue;
    throw std::runtime_error("law 4: " + account.pipeline + " -> " + account.exporter + ": admitted " +
                             std::to_string(account.admitted) + ", settled " + std::to_string(account.settled()) +
                             ", held " + std::to_string(held[id]));
  }
}

std::vector<std::string> World::account_lines() const {
  std::vector<std::string> lines;
  for (DestinationId id = 0; id < ledger_.size(); ++id) {
    const Ledger::Account& account = ledger_.account(id);
    if (account.observer) continue;
    std::string line = account.pipeline + " -> " + account.exporter + ": admitted=" + std::to_string(account.admitted);
    for (const Outcome outcome : {Outcome::kExported, Outcome::kSampledOut, Outcome::kFiltered}) {
      const uint64_t spans = account.outcomes[static_cast<size_t>(outcome)];
      if (spans > 0) line += " " + std::string(name_of(outcome)) + "=" + std::to_string(spans);
    }
    for (int reason = 0; reason < kDropReasons; ++reason) {
      const uint64_t spans = account.dropped[static_cast<size_t>(reason)];
      if (spans > 0)
        line += " dropped{" + std::string(name_of(static_cast<DropReason>(reason))) + "}=" + std::to_string(spans);
    }
    lines.push_back(line);
  }
  return lines;
}

std::vector<std::string> World::lines_of(const std::string& expectation) const {
  std::vector<std::string> lines;
  if (expectation == "accounts") {
    lines = account_lines();
  } else {
    const std::string id = expectation.substr(0, 5) == "sink/" && expectation != "sink/" ? expectation : "sink";
    if (const auto spans = received_.spans.find(id); spans != received_.spans.end()) lines = spans->second;
    if (const auto series = received_.series.find(id); series != received_.series.end()) {
      for (const auto& [name, value] : series->second) lines.push_back(name + " " + value);
    }
  }
  std::sort(lines.begin(), lines.end());
  return lines;
}

}  // namespace weir::test
