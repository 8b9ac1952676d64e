// SPDX-License-Identifier: Apache-2.0
#include "processors/tail_sampling/probability.h"
#include "processors/tail_sampling/token_bucket.h"
#include "processors/tail_sampling/w3c_trace_state.h"
#include "unit/processors/tail_rig.h"

namespace weir::test {

namespace {

constexpr uint64_t kMs = 1'000'000;

// A span of its own trace that takes `ns`.
TestSpan lasting(uint64_t trace, uint64_t ns) {
  return {.trace = trace, .id = trace, .start_ns = 5000 * kMs, .end_ns = 5000 * kMs + ns};
}
TestSpan tagged(uint64_t trace, Tag tag) { return {.trace = trace, .id = trace, .tags = {std::move(tag)}}; }

}  // namespace

TEST_CASE("latency: whole milliseconds, above the threshold, up to the upper one") {
  const std::vector<TestSpan> spans{lasting(1, 49 * kMs), lasting(2, 50 * kMs),      lasting(3, 51 * kMs - 1),
                                    lasting(4, 51 * kMs), lasting(5, 501 * kMs - 1), lasting(6, 501 * kMs)};
  CHECK(kept_by("latency, latency: {threshold_ms: 50}", spans) == Ids{4, 5, 6});
  CHECK(kept_by("latency, latency: {threshold_ms: 50, upper_threshold_ms: 500}", spans) == Ids{4, 5});
  CHECK(kept_by("latency", {lasting(1, kMs - 1), lasting(2, kMs)}) == Ids{2});
}

TEST_CASE("latency: taken over the trace, and with an upper bound kept if it was ever in range") {
  const std::vector<TestSpan> slow_pair{{.trace = 1, .id = 1, .start_ns = 1000 * kMs, .end_ns = 1001 * kMs},
                                        {.trace = 1, .id = 2, .start_ns = 1100 * kMs, .end_ns = 1101 * kMs}};
  CHECK(kept_by("latency, latency: {threshold_ms: 100}", slow_pair) == Ids{1, 2});
  CHECK(kept_by("latency, latency: {threshold_ms: 101}", slow_pair).empty());
  const std::vector<TestSpan> grows{{.trace = 1, .id = 1, .start_ns = 1000 * kMs, .end_ns = 1060 * kMs},
                                    {.trace = 1, .id = 2, .start_ns = 1000 * kMs, .end_ns = 2000 * kMs}};
  CHECK(kept_by("latency, latency: {threshold_ms: 50, upper_threshold_ms: 500}", grows) == Ids{1, 2});
}

TEST_CASE("latency: times of no sense do no harm") {
  CHECK(kept_by("latency, latency: {threshold_ms: 10}", {{.start_ns = UINT64_MAX, .end_ns = 1}}).empty());
  CHECK(kept_by("latency, latency: {threshold_ms: 10}", {{.start_ns = 1ULL << 63, .end_ns = (1ULL << 63) - 1}}) ==
        Ids{1});
  CHECK(kept_by("latency, latency: {threshold_ms: 10}", {{.start_ns = 90 * kMs, .end_ns = 20 * kMs}}).empty());
}

TEST_CASE("status_code: any span of the trace") {
  const std::vector<TestSpan> spans{{.trace = 1, .id = 1, .status = StatusCode::kError},
                                    {.trace = 1, .id = 2},
                                    {.trace = 2, .id = 3, .status = StatusCode::kOk},
                                    {.trace = 3, .id = 4}};
  CHECK(kept_by("status_code, status_code: {status_codes: [ERROR]}", spans) == Ids{1, 2});
  CHECK(kept_by("status_code, status_code: {status_codes: [OK, UNSET]}", spans) == Ids{1, 2, 3, 4});
}

TEST_CASE("probabilistic: FNV-1a over salt and trace id") {
  const auto hash = [](const char* id) { return fnv1a_64(std::string_view(id, 16), fnv1a_64("default-hash-seed")); };
  CHECK(hash("\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10") == 0xdbcf64d5420f4cadULL);
  CHECK(hash("\x4b\xf9\x2f\x35\x77\xb3\x4d\xa6\xa3\xce\x92\x9d\x0e\x0e\x47\x36") == 0xa54533ba2e4970b5ULL);
  CHECK(hash("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0") == 0xe19536eed1bbac3dULL);
  CHECK(sampling_threshold(0) == 0);
  CHECK(sampling_threshold(-5) == 0);
  CHECK(sampling_threshold(50) == 0x7fffffffffffffffULL);
  CHECK(sampling_threshold(100) == UINT64_MAX);
  CHECK(sampling_threshold(250) == UINT64_MAX);
  // The all-zero id is kept from 88.1183... % on.
  CHECK(kept_by("probabilistic, probabilistic: {sampling_percentage: 88.11}", {{.trace = 0}}).empty());
  CHECK(kept_by("probabilistic, probabilistic: {sampling_percentage: 88.12}", {{.trace = 0}}) == Ids{1});
}

TEST_CASE("numeric_attribute: ints within bounds; what is no int counts as 0") {
  const std::vector<TestSpan> spans{tagged(1, Tag::integer("score", 49)),  tagged(2, Tag::integer("score", 50)),
                                    tagged(3, Tag::integer("score", 100)), tagged(4, Tag::integer("score", 101)),
                                    tagged(5, Tag::real("score", 60)),     tagged(6, Tag::string("score", "60")),
                                    tagged(7, Tag::integer("other", 60))};
  CHECK(kept_by("numeric_attribute, numeric_attribute: {key: score, min_value: 50, max_value: 100}", spans) ==
        Ids{2, 3});
  CHECK(kept_by("numeric_attribute, numeric_attribute: {key: score, min_value: 0, max_value: 50}", spans) ==
        Ids{1, 2, 5, 6});
  CHECK(kept_by("numeric_attribute, numeric_attribute: {key: score, min_value: 51}", spans) == Ids{3, 4});
  CHECK(kept_by("numeric_attribute, numeric_attribute: {key: score, min_value: 51, invert_match: true}", spans) ==
        Ids{1, 2, 5, 6, 7});
}

TEST_CASE("string_attribute: exact values and RE2 searched anywhere") {
  const std::vector<TestSpan> spans{tagged(1, Tag::string("tenant", "acme")),
                                    tagged(2, Tag::string("tenant", "gamma")),
                                    tagged(3, Tag::string("tenant", "")),
                                    tagged(4, Tag::integer("tenant", 50)),
                                    {.trace = 5, .id = 5}};
  CHECK(kept_by("string_attribute, string_attribute: {key: tenant, values: [acme, '50']}", spans) == Ids{1});
  CHECK(kept_by("string_attribute, string_attribute: {key: tenant, values: ['']}", spans).empty());
  CHECK(kept_by("string_attribute, string_attribute: {key: tenant, values: [acme], invert_match: true}", spans) ==
        Ids{2, 3, 4, 5});
  CHECK(kept_by(
            "string_attribute, string_attribute: {key: tenant, values: ['^ac', 'mma$'], enabled_regex_matching: true}",
            spans) == Ids{1, 2});
  CHECK(kept_by("string_attribute, string_attribute: {key: tenant, values: ['.*'], enabled_regex_matching: true}",
                spans) == Ids{1, 2});
}

TEST_CASE("attributes: a resource's count for its own spans' traces; of two with one key the first") {
  TailRig rig(
      "{decision_wait: 1s, policies: [{name: p, type: string_attribute, string_attribute: {key: k, values: [x]}}]}");
  rig.send(
      request({TestResource{{Tag::string("k", "x")}, {{.trace = 1, .id = 1}}},
               TestResource{{Tag::string("k", "y")}, {{.trace = 2, .id = 2}, {.trace = 1, .id = 3}}},
               TestResource{{}, {{.trace = 4, .id = 4, .tags = {Tag::string("k", "y"), Tag::string("k", "x")}}}}}));
  rig.wait(3s);
  CHECK(rig.kept() == Ids{1, 3});
}

TEST_CASE("boolean_attribute: what is no bool counts as false") {
  const std::vector<TestSpan> spans{tagged(1, Tag::boolean("debug", true)), tagged(2, Tag::boolean("debug", false)),
                                    tagged(3, Tag::string("debug", "true")), tagged(4, Tag::boolean("other", true))};
  CHECK(kept_by("boolean_attribute, boolean_attribute: {key: debug, value: true}", spans) == Ids{1});
  CHECK(kept_by("boolean_attribute, boolean_attribute: {key: debug, value: false}", spans) == Ids{2, 3});
  CHECK(kept_by("boolean_attribute, boolean_attribute: {key: debug, value: true, invert_match: true}", spans) ==
        Ids{2, 3, 4});
}

TEST_CASE("span_count, trace_flags, always_sample") {
  const std::vector<TestSpan> spans{{.trace = 1, .id = 1},
                                    {.trace = 2, .id = 2},
                                    {.trace = 2, .id = 3},
                                    {.trace = 3, .id = 4},
                                    {.trace = 3, .id = 5, .flags = 0x101},
                                    {.trace = 3, .id = 6, .flags = 2}};
  CHECK(kept_by("span_count, span_count: {min_spans: 2}", spans) == Ids{2, 3, 4, 5, 6});
  CHECK(kept_by("span_count, span_count: {min_spans: 2, max_spans: 2}", spans) == Ids{2, 3});
  CHECK(kept_by("span_count, span_count: {max_spans: 1}", spans) == Ids{1});
  CHECK(kept_by("trace_flags", spans) == Ids{4, 5, 6});
  CHECK(kept_by("always_sample", spans) == Ids{1, 2, 3, 4, 5, 6});
}

TEST_CASE("trace_state: a member's value, in a valid tracestate only") {
  CHECK(trace_state_member("a=1,vendor=x", "vendor") == "x");
  CHECK(trace_state_member(" a=1 ,\tvendor=x \t", "vendor") == "x");
  CHECK(trace_state_member("a=1", "vendor") == "");
  CHECK(trace_state_member("t1@sys=x,,b=2", "t1@sys") == "x");
  for (const char* bad :
       {"vendor", "vendor=", "=x", "Vendor=x", "vendor=x,vendor=y", "vendor=a=b", "1a=x", "vendor=\x01"}) {
    CAPTURE(bad);
    CHECK_FALSE(trace_state_member(bad, "vendor"));
  }
  std::string many;
  for (int i = 0; i < 33; ++i) many += "k" + std::to_string(i) + "=v,";
  CHECK_FALSE(trace_state_member(many, "k0"));
  const std::vector<TestSpan> spans{{.trace = 1, .id = 1, .trace_state = "vendor=a"},
                                    {.trace = 2, .id = 2, .trace_state = "vendor=c"},
                                    {.trace = 3, .id = 3, .trace_state = "vendor=a,vendor=b"}};
  CHECK(kept_by("trace_state, trace_state: {key: vendor, values: [a, b]}", spans) == Ids{1});
}

TEST_CASE("and, not, drop") {
  const std::string error = "{name: e, type: status_code, status_code: {status_codes: [ERROR]}}";
  const std::string two = "{name: n, type: span_count, span_count: {min_spans: 2}}";
  const std::vector<TestSpan> spans{{.trace = 1, .id = 1, .status = StatusCode::kError},
                                    {.trace = 2, .id = 2},
                                    {.trace = 2, .id = 3},
                                    {.trace = 3, .id = 4, .status = StatusCode::kError},
                                    {.trace = 3, .id = 5}};
  CHECK(kept_by("and, and: {and_sub_policy: [" + error + ", " + two + "]}", spans) == Ids{4, 5});
  CHECK(kept_by("not, not: {not_sub_policy: " + error + "}", spans) == Ids{2, 3});
  TailRig rig(
      "{decision_wait: 1s, policies: [{name: a, type: always_sample}, {name: d, type: drop, drop: {drop_sub_policy: [" +
      error + ", " + two + "]}}]}");
  rig.send(spans);
  rig.wait(3s);
  CHECK(rig.kept() == Ids{1, 2, 3});
  CHECK(rig.metric("global_count_traces_sampled{decision=dropped,sampled=false}") == 1);
  // `drop` is asked first and ends the questions.
  CHECK(rig.metric("sampling_policy_execution_count{policy=a}") == 2);
}

TEST_CASE("rate_limiting: a token bucket, twice the rate at once, filled by time") {
  TailRig rig("{decision_wait: 1s, policies: [{name: p, type: rate_limiting, rate_limiting: {spans_per_second: 10}}]}");
  CHECK(rig.processor->placement() == Placement::kHomeShard);
  uint64_t id = 1;
  const auto send_pairs = [&](int traces) {
    std::vector<TestSpan> spans;
    for (int i = 0; i < traces; ++i) {
      spans.push_back({.trace = id, .id = id * 2});
      spans.push_back({.trace = id, .id = id * 2 + 1});
      ++id;
    }
    rig.send(spans);
  };
  send_pairs(30);  // burst 20: the first ten traces
  rig.wait(2s);
  CHECK(rig.kept().size() == 20);
  CHECK(rig.kept().back() == 21);
  send_pairs(30);  // decided 2 s later: 20 tokens again
  rig.wait(2s);
  CHECK(rig.kept().size() == 40);
  rig.send({{.trace = id++, .id = 1}});
  rig.wait(1s);
  send_pairs(30);  // decided 1 s after the single one took one of 20
  rig.wait(2s);
  CHECK(rig.kept().size() == 61);
}

TEST_CASE("rate_limiting: a trace larger than the burst never passes and takes nothing") {
  TailRig rig(
      "{decision_wait: 1s, policies: [{name: p, type: rate_limiting, rate_limiting: {spans_per_second: 1, "
      "burst_capacity: 3}}]}");
  rig.send({{.trace = 1, .id = 1},
            {.trace = 1, .id = 2},
            {.trace = 1, .id = 3},
            {.trace = 1, .id = 4},
            {.trace = 2, .id = 5},
            {.trace = 2, .id = 6},
            {.trace = 2, .id = 7}});
  rig.wait(3s);
  CHECK(rig.kept() == Ids{5, 6, 7});
}

TEST_CASE("token bucket: the state moves only when something is allowed, and whole nanoseconds count") {
  TokenBucket bucket(1, 2);
  CHECK(bucket.allow(2, 0s));
  CHECK_FALSE(bucket.allow(1, 999'999'998ns));
  CHECK(bucket.allow(1, 1s));
  CHECK_FALSE(bucket.allow(1, 1500ms));
  CHECK(bucket.allow(2, 100s));
  CHECK_FALSE(bucket.allow(1, 50s));  // time never goes back
  TokenBucket none(0, 0);
  CHECK_FALSE(none.allow(1, 100s));
}

TEST_CASE("rate_limiting takes its tokens even where another policy sampled the trace") {
  TailRig rig(
      "{decision_wait: 1s, policies: [{name: a, type: status_code, status_code: {status_codes: [ERROR]}}, "
      "{name: r, type: rate_limiting, rate_limiting: {spans_per_second: 1, burst_capacity: 1}}]}");
  rig.send({{.trace = 1, .id = 1, .status = StatusCode::kError}, {.trace = 2, .id = 2}});
  rig.wait(3s);
  CHECK(rig.kept() == Ids{1});
}

TEST_CASE("bytes_limiting: the protobuf size of whole traces") {
  const std::vector<TestSpan> spans{{.trace = 1, .id = 1}, {.trace = 2, .id = 2}, {.trace = 3, .id = 3}};
  const uint64_t size = request({spans[0]}).parts[0].bytes->size();  // one span with its headers
  const auto limited = [&](uint64_t burst) {
    return kept_by(
        "bytes_limiting, bytes_limiting: {bytes_per_second: 1, burst_capacity: " + std::to_string(burst) + "}", spans);
  };
  CHECK(limited(size - 1).empty());
  CHECK(limited(size) == Ids{1});
  CHECK(limited(3 * size - 1) == Ids{1, 2});
  CHECK(limited(3 * size) == Ids{1, 2, 3});
}

TEST_CASE("composite: the first policy that samples decides within its share of the second") {
  const std::string yaml =
      "{decision_wait: 1s, policies: [{name: c, type: composite, composite: {max_total_spans_per_second: 4, "
      "policy_order: [e, a], "
      "composite_sub_policy: [{name: e, type: status_code, status_code: {status_codes: [ERROR]}}, {name: a, type: "
      "always_sample}], "
      "rate_allocation: [{policy: e, percent: 50}, {policy: a, percent: 25}]}}]}";
  TailRig rig(yaml);
  const auto error = StatusCode::kError;
  rig.send({{.trace = 1, .id = 1, .status = error},
            {.trace = 2, .id = 2, .status = error},
            {.trace = 3, .id = 3, .status = error},
            {.trace = 4, .id = 4},
            {.trace = 5, .id = 5}});
  rig.wait(2s);
  CHECK(rig.kept() == Ids{1, 2, 4});  // the third error is over its share and not offered to `a`
  rig.send({{.trace = 6, .id = 6, .status = error}, {.trace = 7, .id = 7}, {.trace = 8, .id = 8}});
  rig.wait(2s);
  CHECK(rig.kept() == Ids{1, 2, 4, 6, 7});
}

}  // namespace weir::test
