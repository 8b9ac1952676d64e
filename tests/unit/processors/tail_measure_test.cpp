// SPDX-License-Identifier: Apache-2.0
#include <malloc.h>
#include <unistd.h>

#include <cstdio>
#include <ctime>
#include <fstream>

#include "unit/processors/tail_rig.h"

// Not run by default: figures for memory and time of the sampler alone. `test_processors '[measure]'`
namespace weir::test {

namespace {

constexpr uint64_t kSpansPerRequest = 512;

uint64_t resident_bytes() {
  malloc_trim(0);
  std::ifstream file("/proc/self/statm");
  uint64_t total = 0, resident = 0;
  file >> total >> resident;
  return resident * static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
}
double cpu_ns() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) * 1e9 + static_cast<double>(time.tv_nsec);
}
uint64_t allocated_bytes() {
  const auto info = mallinfo2();
  return info.uordblks + info.hblkhd;
}

// A span of about 360 bytes on the wire, in traces of two.
TestSpan usual_span(uint64_t number) {
  TestSpan span{.trace = number / 2 * 0x9e3779b97f4a7c15ULL, .id = number};
  span.status = number % 100 == 0 ? StatusCode::kError : StatusCode::kUnset;
  span.end_ns = span.start_ns + number % 97 * 1'000'000;
  for (const char* key : {"http.request.method", "http.route", "server.address", "network.protocol", "url.path"}) {
    span.tags.push_back(Tag::string(key, std::string("/some/value/of/usual/length").substr(0, 20)));
  }
  span.tags.push_back(Tag::integer("http.response.status_code", 200));
  return span;
}
// The n-th request; walked last of all, so that its bytes are as hot as they are behind a receiver.
Batch usual_request(uint64_t first, uint64_t end) {
  std::vector<TestSpan> some;
  for (uint64_t i = first; i < std::min(end, first + kSpansPerRequest); ++i) some.push_back(usual_span(i));
  return request({TestResource{{Tag::string("service.name", "checkout")}, some}});
}

const std::string kFourPolicies =
    "{decision_wait: 10s, num_traces: 10000000, policies: [{name: e, type: status_code, status_code: {status_codes: "
    "[ERROR]}}, "
    "{name: l, type: latency, latency: {threshold_ms: 500}}, "
    "{name: s, type: string_attribute, string_attribute: {key: tenant, values: [acme]}}, "
    "{name: p, type: probabilistic, probabilistic: {sampling_percentage: 10}}]}";

}  // namespace

TEST_CASE("measure: memory per held span", "[.][measure]") {
  for (const uint64_t spans : {200'000ULL, 1'000'000ULL}) {
    TailRig rig(kFourPolicies);
    const uint64_t rss_before = resident_bytes(), heap_before = allocated_bytes();
    uint64_t wire = 0;
    for (uint64_t at = 0; at < spans; at += kSpansPerRequest) {
      Batch batch = usual_request(at, spans);
      wire += batch.parts[0].bytes->size();
      rig.stages[0]->consume(std::move(batch));
    }
    const uint64_t rss = resident_bytes() - rss_before, heap = allocated_bytes() - heap_before;
    REQUIRE(rig.held() == spans);
    std::printf("%lu spans held: wire %.1f B a span, heap %.3f x, RSS %.3f x\n", spans,
                static_cast<double>(wire) / static_cast<double>(spans),
                static_cast<double>(heap) / static_cast<double>(wire),
                static_cast<double>(rss) / static_cast<double>(wire));
  }
}

TEST_CASE("measure: time per span", "[.][measure]") {
  constexpr uint64_t kSpans = 1'000'000;
  struct Discard final : Consumer {
    void consume(Batch&& batch) override { spans += batch.spans.size(); }
    uint64_t spans = 0;
  } discard;
  World world;
  const auto processor = make_tail_sampling(good_config<TailSamplingConfig>(kFourPolicies), world.env);
  const auto stage = processor->make_stage(world.place(), discard);
  const auto elapsed = [&](auto&& work) {
    const double start = cpu_ns();
    work();
    return (cpu_ns() - start) / kSpans;
  };
  stage->on_tick(world.clock.now());
  double arrive = 0;
  for (uint64_t at = 0; at < kSpans; at += kSpansPerRequest) {
    Batch batch = usual_request(at, kSpans);
    arrive += elapsed([&] { stage->consume(std::move(batch)); });
  }
  world.clock.advance(20s);
  double longest = 0;
  const double decide = elapsed([&] {
    while (stage->held() > 0) longest = std::max(longest, elapsed([&] { stage->on_tick(world.clock.now()); }) * kSpans);
  });
  std::printf(
      "arrive and observe %.1f ns a span, decide and send or release %.1f ns a span (%.1f %% kept), longest slice %.2f "
      "ms of CPU\n",
      arrive, decide, 100.0 * static_cast<double>(discard.spans) / kSpans, longest / 1e6);
}

}  // namespace weir::test
