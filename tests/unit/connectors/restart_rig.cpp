// SPDX-License-Identifier: Apache-2.0
#include "restart_rig.h"

#include "otlp/batch_ops.h"
#include "otlp/walker.h"
#include "support/catch.h"

namespace weir::test {

void RestartJournal::checkpoint(const std::string&, std::string state, std::vector<Absorbed> absorbed, Shard& back,
                                absl::AnyInvocable<void(bool ok)> done) {
  ++checkpoints;
  actor->at(0).post(
      [this, state = std::move(state), absorbed = std::move(absorbed), &back, done = std::move(done)]() mutable {
        for (Absorbed& items : absorbed) pending_.push_back(std::move(items));
        if (!failing) {
          durable.state = std::move(state);
          for (const Absorbed& some : std::exchange(pending_, {})) {
            for (uint32_t item : some.items) {
              counted_twice += durable.items.insert({some.record, item}).second ? 0 : 1;
            }
          }
        }
        back.post([ok = !failing, done = std::move(done)]() mutable { done(ok); });
      });
}

RestartRig::RestartRig(Maker make, uint64_t seed, bool journaled)
    : make_(std::move(make)), seed_(seed), journaled_(journaled) {
  clock.at = {1000s, Duration(1'700'000'000s)};
}

void RestartRig::start(uint32_t shards) {
  Process& p = process_.emplace(shards, ++seed_);
  journal.actor = &p.actor;
  ComponentEnv env{"connector",
                   "",
                   Signal::kMetrics,
                   &p.shards,
                   &clock,
                   &p.budget,
                   &p.ledger,
                   &p.telemetry,
                   &lines,
                   seed_,
                   journaled_ ? &journal : nullptr};
  p.connector = make_(env);
  const uint32_t stages = p.connector->placement() == Placement::kHomeShard ? 1 : shards;
  for (uint32_t i = 0; i < stages; ++i) {
    p.absorbed.push_back(journaled_ ? std::make_shared<AbsorbedList>() : nullptr);
    p.observers.push_back(p.connector->make_observer({&p.shards.at(i), {}, p.absorbed.back()}));
  }
  p.connector->set_output(p.shards.at(0), sink);
  if (journaled_) {
    p.connector->restore(clock.now());
    settled_ = journal.durable.items;
    replay();
  }
  tick(clock.now(), true);
}

// As the daemon's replay: on the time of each record, and home ticks only after it.
void RestartRig::replay() {
  const Duration away = clock.at.mono - clock.at.wall;
  Duration last = Duration::min();
  for (uint64_t record = 1; record <= log.size(); ++record) {
    const Duration wall = log[record - 1].received.wall;
    last = std::max(last, std::min(wall + away, clock.at.mono));
    tick({last, wall}, false);
    deliver(record);
    run(seed_ % 7);
  }
}

void RestartRig::crash() { process_.reset(); }

void RestartRig::stop() {
  bool done = false;
  Process& p = *process_;
  p.shards.at(0).post([&] { p.connector->final_flush(clock.now(), [&] { done = true; }); });
  settle();
  REQUIRE(done);
  process_.reset();
}

void RestartRig::advance(Duration by) {
  clock.at.mono += by;
  clock.at.wall += by;
  tick(clock.now(), true);
}

void RestartRig::tick(Time now, bool home) {
  Process& p = *process_;
  for (uint32_t i = 0; i < p.observers.size(); ++i) {
    p.shards.at(i).post([&p, i, now] { p.observers[i]->on_tick(now); });
  }
  if (home) p.shards.at(0).post([&p, now] { p.connector->home_tick(now); });
}

void RestartRig::feed(std::vector<TestGroup> groups) {
  log.push_back({request_bytes(groups), clock.now()});
  deliver(log.size());
}

void RestartRig::deliver(uint64_t record) {
  Process& p = *process_;
  Part part;
  part.bytes = BufferRef::copy_of(log[record - 1].bytes);
  part.sequence = record;
  Batch batch;
  if (!otlp::walk(Signal::kTraces, std::move(part), batch).ok) FAIL("a request does not parse");
  std::vector<uint32_t> open;
  for (uint32_t i = 0; i < batch.spans.size(); ++i) {
    if (!settled_.contains({record, batch.spans[i].item})) open.push_back(i);
  }
  if (open.empty()) return;
  batch = otlp::select(batch, open);
  const auto count = static_cast<uint32_t>(p.observers.size());
  std::vector<Batch> parts(count);
  if (p.connector->placement() == Placement::kWholeTraces) {
    parts = otlp::partition_by_trace(std::move(batch), count);
  } else {
    parts[record % count] = std::move(batch);
  }
  for (uint32_t i = 0; i < count; ++i) {
    if (parts[i].spans.empty()) continue;
    p.shards.at(i).post([&p, i, record, some = std::move(parts[i])] {
      p.observers[i]->observe(some);
      if (!p.absorbed[i]) return;
      Absorbed items{record, 0, {}};
      for (const SpanRecord& span : some.spans) items.items.push_back(span.item);
      p.absorbed[i]->add(std::move(items));
    });
  }
}

void RestartRig::run(uint64_t tasks) {
  Process& p = *process_;
  Random random(++seed_);
  while (tasks-- > 0) {
    const bool actor_first = random() % 2 == 0;
    SimShards& first = actor_first ? p.actor : p.shards;
    SimShards& second = actor_first ? p.shards : p.actor;
    if (!first.run_one() && !second.run_one()) return;
  }
}

}  // namespace weir::test
