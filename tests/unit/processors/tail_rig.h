// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "otlp/batch_ops.h"
#include "processors/tail_sampling/tail_sampling.h"
#include "unit/processors/fixture.h"

namespace weir::test {

// A tail sampler on as many shards as asked for, its clock, and a sink per shard that settles at one destination.
struct TailRig : World {
  explicit TailRig(const std::string& yaml, uint32_t shard_count = 1, const std::string& id = "tail_sampling")
      : World(shard_count) {
    env.id = id;
    processor = make_tail_sampling(good_config<TailSamplingConfig>(yaml), env);
    const uint32_t count = processor->placement() == Placement::kHomeShard ? 1 : shard_count;
    for (uint32_t i = 0; i < count; ++i) {
      sinks.push_back(std::make_unique<Sink>(ledger, destination));
      stages.push_back(processor->make_stage(place(i), *sinks.back()));
      stages.back()->on_tick(clock.now());
    }
  }
  void send(Batch batch) {
    ledger.admit(destination, batch.spans.size());
    auto parts = otlp::partition_by_trace(std::move(batch), static_cast<uint32_t>(stages.size()));
    for (size_t i = 0; i < parts.size(); ++i) {
      if (!parts[i].spans.empty()) stages[i]->consume(std::move(parts[i]));
    }
    check_accounts();
  }
  void send(std::vector<TestSpan> spans) { send(request(std::move(spans))); }
  // Lets time pass in steps of `step`.
  void wait(Duration time, Duration step = 100ms) {
    for (Duration done{0}; done < time; done += step) {
      clock.advance(step);
      for (auto& stage : stages) stage->on_tick(clock.now());
    }
    check_accounts();
  }
  void flush() {
    for (auto& stage : stages) stage->flush(clock.now());
    check_accounts();
  }
  uint64_t held() const {
    uint64_t sum = 0;
    for (const auto& stage : stages) sum += stage->held();
    return sum;
  }
  std::vector<uint64_t> kept() const {
    std::vector<uint64_t> ids;
    for (const auto& sink : sinks) {
      const auto part = sink->span_ids();
      ids.insert(ids.end(), part.begin(), part.end());
    }
    std::sort(ids.begin(), ids.end());
    return ids;
  }
  // Law 4: admitted = exported + sampled_out + dropped + held, at every moment.
  void check_accounts() const { REQUIRE(account().admitted == account().settled() + held()); }
  double metric(const std::string& name) const { return telemetry.value("otelcol_processor_tail_sampling_" + name); }
  bool has_metric(const std::string& name) const { return telemetry.has("otelcol_processor_tail_sampling_" + name); }

  std::unique_ptr<Processor> processor;
  std::vector<std::unique_ptr<Sink>> sinks;
  std::vector<std::unique_ptr<Stage>> stages;
};

using Ids = std::vector<uint64_t>;

// The kept ids when all spans come at once and are decided by one policy: "type" or "type, type: {…}".
inline Ids kept_by(const std::string& policy, std::vector<TestSpan> spans) {
  TailRig rig("{decision_wait: 1s, policies: [{name: p, type: " + policy + "}]}");
  rig.send(std::move(spans));
  rig.wait(3s);
  CHECK(rig.held() == 0);
  return rig.kept();
}

}  // namespace weir::test
