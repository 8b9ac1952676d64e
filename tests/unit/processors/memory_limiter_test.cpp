// SPDX-License-Identifier: Apache-2.0
#include "processors/memory_limiter/memory_limiter.h"

#include "unit/processors/fixture.h"

namespace weir::test {

namespace {
constexpr uint64_t kMiB = 1 << 20;
std::vector<std::string> problems(const std::string& yaml) { return read_config<MemoryLimiterConfig>(yaml).second; }
}  // namespace

TEST_CASE("memory_limiter: passes everything on and counts it") {
  World world;
  Sink sink(world.ledger, world.destination);
  const auto processor =
      make_memory_limiter(good_config<MemoryLimiterConfig>("{check_interval: 1s, limit_mib: 10}"), world.env);
  CHECK(processor->placement() == Placement::kEveryShard);
  CHECK_FALSE(processor->answers_early());
  const auto stage = processor->make_stage(world.place(), sink);
  stage->consume(request({{.id = 1}, {.id = 2}}));
  CHECK(sink.span_ids() == std::vector<uint64_t>{1, 2});
  CHECK(world.telemetry.value("otelcol_processor_memory_limiter_accepted_spans{processor=component}") == 2);
  CHECK(world.telemetry.value("otelcol_processor_memory_limiter_refused_spans{processor=component}") == 0);
}

TEST_CASE("memory_limiter: limits for the byte budget") {
  const auto limits = [](const std::string& yaml) {
    return limits_of(good_config<MemoryLimiterConfig>(yaml), 1000 * kMiB).value();
  };
  CHECK(limits("{check_interval: 1s, limit_mib: 450, spike_limit_mib: 150}").limit == 450 * kMiB);
  CHECK(limits("{check_interval: 1s, limit_mib: 450, spike_limit_mib: 150}").headroom == 150 * kMiB);
  CHECK(limits("{check_interval: 1s, limit_mib: 100}").headroom == 20 * kMiB);
  CHECK(limits("{check_interval: 5s, limit_percentage: 80, spike_limit_percentage: 25}").limit ==
        1000 * kMiB / 100 * 80);
  CHECK(limits("{check_interval: 5s, limit_percentage: 80, spike_limit_percentage: 25}").headroom ==
        1000 * kMiB / 100 * 25);
  CHECK(limits("{check_interval: 5s, limit_percentage: 50}").headroom == 1000 * kMiB / 100 * 50 / 5);
  CHECK(limits("{check_interval: 5s, limit_percentage: 50, limit_mib: 7}").limit == 7 * kMiB);
  CHECK_FALSE(limits_of(MemoryLimiterConfig{}, kMiB));
}

TEST_CASE("memory_limiter: configuration") {
  using List = std::vector<std::string>;
  CHECK(problems("{check_interval: 1s, limit_mib: 1, min_gc_interval_when_soft_limited: 10s}").empty());
  CHECK(problems("{limit_mib: 1}") == List{"processors::p: 'check_interval' must be greater than zero"});
  CHECK(problems("{check_interval: 1s}") ==
        List{"processors::p: 'limit_mib' or 'limit_percentage' must be greater than zero"});
  CHECK(problems("{check_interval: 1s, limit_mib: 5, spike_limit_mib: 5}") ==
        List{"processors::p: 'spike_limit_mib' must be smaller than 'limit_mib'"});
  CHECK(problems("{check_interval: 1s, limit_percentage: 101}") ==
        List{"processors::p: 'limit_percentage' and 'spike_limit_percentage' must be greater than zero and less than "
             "or equal "
             "to hundred"});
  CHECK(problems("{check_interval: 1s, limit_percentage: 50, spike_limit_percentage: 60}") ==
        List{"processors::p: 'spike_limit_percentage' must be smaller than 'limit_percentage'"});
}

}  // namespace weir::test
