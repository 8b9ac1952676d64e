// SPDX-License-Identifier: Apache-2.0
#include "processors/tail_sampling/config.h"

#include "unit/processors/fixture.h"

namespace weir::test {

namespace {

using List = std::vector<std::string>;

List problems(const std::string& yaml) { return read_config<TailSamplingConfig>(yaml).second; }
// Problems of one policy, without the path down to it.
List of_policy(const std::string& body) {
  List list;
  const std::string path = "processors::p::policies::0";
  for (std::string text : problems("{policies: [{name: n, " + body + "}]}")) {
    const size_t at = text.find(path);
    if (at != std::string::npos) text.erase(at, path.size());
    list.push_back(text);
  }
  return list;
}

}  // namespace

TEST_CASE("tail config: defaults") {
  const auto config = good_config<TailSamplingConfig>("{policies: [{name: a, type: always_sample}]}");
  CHECK(config.decision_wait == 30s);
  CHECK_FALSE(config.num_traces);
  CHECK(config.policies.size() == 1);
}

TEST_CASE("tail config: every key of the dialect is known") {
  CHECK(
      problems("{decision_wait: 10s, decision_wait_after_root_received: 2s, num_traces: 100, block_on_overflow: false, "
               "expected_new_traces_per_sec: 10, decision_cache: {sampled_cache_size: 5, non_sampled_cache_size: 6}, "
               "sample_on_first_match: true, drop_pending_traces_on_shutdown: true, maximum_trace_size_bytes: 7, "
               "sampling_strategy: trace-complete, num_shards: 4, policies: [{name: a, type: always_sample}]}")
          .empty());
  CHECK(problems("{num_traces: null, policies: [{name: a, type: always_sample}]}").empty());
}

TEST_CASE("tail config: drop policies come first") {
  const auto config = good_config<TailSamplingConfig>(
      "{policies: [{name: a, type: always_sample}, {name: b, type: trace_flags}, {name: d, type: drop, drop: "
      "{drop_sub_policy: "
      "[{name: x, type: always_sample}]}}]}");
  REQUIRE(config.policies.size() == 3);
  CHECK(config.policies[0].name == "d");
  CHECK(config.policies[1].name == "a");
}

TEST_CASE("tail config: mistakes name their place") {
  CHECK(problems("{}") == List{"warning: processors::p::policies: no policy is configured: no trace will be sampled"});
  CHECK(problems("{policies: [{name: a, type: always_sample}, {name: a, type: always_sample}]}") ==
        List{"processors::p::policies: duplicate policy name \"a\""});
  CHECK(problems("{policies: [{type: always_sample}]}") ==
        List{"processors::p::policies::0: policy name cannot be empty"});
  CHECK(of_policy("type: and, and: {and_sub_policy: [{type: always_sample}]}").empty());
  CHECK(of_policy("type: laterncy") ==
        List{"::type: unknown sampling policy type laterncy; did you mean \"latency\"?"});
  CHECK(of_policy("type: latency, latency: {treshold_ms: 5}").size() == 1);
  CHECK(of_policy("type: latency, latencyy: {}").size() == 1);
  CHECK(of_policy("type: latency, status_code: {status_codes: [OK]}") ==
        List{"warning: ::status_code: not used: the policy's type is latency"});
  CHECK(problems("{policies: [{name: a, type: always_sample}], sampling_strategy: whenever}") ==
        List{"processors::p::sampling_strategy: unknown value \"whenever\", expected one of: trace-complete, "
             "span-ingest"});
  CHECK(problems("{policies: [{name: a, type: always_sample}], sampling_strategy: span-ingest}") ==
        List{"processors::p::sampling_strategy: span-ingest is not supported by this version of weir"});
  CHECK(problems("{policies: [{name: a, type: always_sample}], tail_storage: x}").size() == 1);
  CHECK(problems("{policies: [{name: a, type: always_sample}], num_shards: 257}").size() == 1);
}

TEST_CASE("tail config: policies are checked when they are read") {
  CHECK(of_policy("type: status_code") == List{"::status_code: expected at least one status code to filter on"});
  CHECK(of_policy("type: status_code, status_code: {status_codes: [error]}") ==
        List{"::status_code: unknown status code \"error\", supported: OK, ERROR, UNSET"});
  CHECK(of_policy("type: numeric_attribute, numeric_attribute: {key: a, min_value: 0}") ==
        List{"::numeric_attribute: at least one of 'min_value' or 'max_value' must be set (0 counts as not set)"});
  CHECK(of_policy(
            "type: string_attribute, string_attribute: {key: a, values: [ok, '(b'], enabled_regex_matching: true}") ==
        List{"::string_attribute::values::1: invalid regular expression \"(b\": missing ): (b"});
  CHECK(of_policy("type: ottl_condition, ottl_condition: {error_mode: propagate, span: ['true'], spanevent: ['name == "
                  "\"a\"']}")
            .empty());
  CHECK(of_policy("type: ottl_condition, ottl_condition: {error_mode: ignore}") ==
        List{"::ottl_condition: expected at least one OTTL condition to filter on"});
  CHECK(of_policy("type: ottl_condition, ottl_condition: {error_mode: loud, span: ['true']}") ==
        List{"::ottl_condition::error_mode: unknown value \"loud\", expected one of: propagate, ignore, silent"});
  CHECK(of_policy("type: ottl_condition, ottl_condition: {span: ['true', 'attributes[']}").size() == 1);
  CHECK(of_policy("type: ottl_condition, ottl_condition: {spanevent: ['true', 'nam == \"a\"']}").size() == 1);
  CHECK(of_policy("type: and, and: {and_sub_policy: [{name: x, type: and}]}") ==
        List{"::and::and_sub_policy::0: a policy of type and cannot stand here"});
  CHECK(of_policy("type: and, and: {and_sub_policy: [{name: x, type: status_code}]}") ==
        List{"::and::and_sub_policy::0::status_code: expected at least one status code to filter on"});
  CHECK(of_policy("type: not") == List{"::not: expected a policy in not_sub_policy"});
  CHECK(of_policy("type: composite, composite: {max_total_spans_per_second: 10, composite_sub_policy: [{name: x, type: "
                  "always_sample}]}") ==
        List{"warning: ::composite: policy \"x\" is not in rate_allocation and never samples"});
}

TEST_CASE("tail config: more attribute tests than there are bits are refused, not forgotten") {
  std::string policies;
  for (int i = 0; i < 65; ++i) {
    policies += "{name: p" + std::to_string(i) + ", type: latency, latency: {threshold_ms: 5}}, ";
  }
  CHECK(problems("{policies: [" + policies + "]}").size() == 1);
}

}  // namespace weir::test
