// SPDX-License-Identifier: Apache-2.0
#include "processors/tail_sampling/config.h"

#include <algorithm>
#include <set>

#include "processors/tail_sampling/policies.h"
#include "processors/tail_sampling/span_tests.h"

namespace weir {

namespace {

// Drop policies first; otherwise in the order written.
void read_policies(const config::At& at, TailSamplingConfig& out) {
  out.policies.clear();
  decode_policies(at, PolicyLevel::kTop, out.policies);
  std::stable_partition(out.policies.begin(), out.policies.end(),
                        [](const PolicyConfig& policy) { return policy.type == "drop"; });
}

void read_num_traces(const config::At& at, TailSamplingConfig& out) {
  uint64_t number = 0;
  if (!at.value.is_null() && config::decode_scalar(at, number)) out.num_traces = number;
}

void check_strategy(const config::At& at, TailSamplingConfig&) {
  std::string text;
  if (at.value.is_null() || !config::decode_scalar(at, text) || text.empty() || text == "trace-complete") return;
  if (text == "span-ingest") return at.error("span-ingest is not supported by this version of weir");
  at.error("unknown value \"" + text + "\", expected one of: trace-complete, span-ingest");
}

// weir has its own shards (service.shards); the key is checked and does nothing.
void check_shards(const config::At& at, TailSamplingConfig&) {
  uint32_t number = 0;
  if (at.value.is_null() || !config::decode_scalar(at, number)) return;
  if (number > 256) at.error("num_shards must be between 1 and 256");
}

void check_tests(const TailSamplingConfig& tail, const config::Value& at, const std::string& path,
                 config::Problems& problems) {
  SpanTests tests;
  for (const PolicyConfig& policy : tail.policies) {
    if (policy.spec != nullptr) policy.spec->build(tests);
  }
  if (tests.size() > SpanTests::kMostTests) {
    problems.error(at.place, path + "::policies",
                   "more than 64 attribute, latency, trace_state and ottl_condition policies are not supported by this "
                   "version of weir");
  }
}

}  // namespace

const config::Fields<DecisionCacheConfig>& DecisionCacheConfig::fields() {
  using config::field;
  using Config = DecisionCacheConfig;
  static const config::Fields<Config> table{
      field("sampled_cache_size", &Config::sampled_cache_size, "sampled trace ids that are remembered; 0 = off"),
      field("non_sampled_cache_size", &Config::non_sampled_cache_size, "other trace ids that are remembered; 0 = off"),
  };
  return table;
}

const config::Fields<TailSamplingConfig>& TailSamplingConfig::fields() {
  using config::custom;
  using config::field;
  using Config = TailSamplingConfig;
  static const config::Fields<Config> table{
      field("decision_wait", &Config::decision_wait, "from a trace's first span to its decision"),
      field("decision_wait_after_root_received", &Config::decision_wait_after_root_received,
            "the same from its root span, where that is earlier; whole seconds, 0 = off"),
      custom<Config>("num_traces", "int", read_num_traces, "traces in memory (50000); written: the oldest is evicted"),
      field("block_on_overflow", &Config::block_on_overflow, "hold what comes at num_traces instead of evicting"),
      field("expected_new_traces_per_sec", &Config::expected_new_traces_per_sec, "a hint for the size of the table"),
      field("decision_cache", &Config::decision_cache, "decided trace ids that are remembered"),
      field("sample_on_first_match", &Config::sample_on_first_match, "do not ask the policies behind one that samples"),
      field("drop_pending_traces_on_shutdown", &Config::drop_pending_traces_on_shutdown,
            "at shutdown drop what is undecided"),
      field("maximum_trace_size_bytes", &Config::maximum_trace_size_bytes, "larger traces are dropped; 0 = no limit"),
      custom<Config>("sampling_strategy", "string", check_strategy, "trace-complete"),
      custom<Config>("num_shards", "int", check_shards, "accepted; weir shards by service.shards"),
      config::unsupported<Config>("tail_storage"),
      custom<Config>("policies", "list", read_policies, "policies: name, type and a block named like the type"),
  };
  return table;
}

void TailSamplingConfig::validate(const config::Value& at, const std::string& path, config::Problems& problems) const {
  std::set<std::string> names;
  for (const PolicyConfig& policy : policies) {
    if (!policy.name.empty() && !names.insert(policy.name).second) {
      problems.error(at.place, path + "::policies", "duplicate policy name \"" + policy.name + "\"");
    }
  }
  if (policies.empty())
    problems.warn(at.place, path + "::policies", "no policy is configured: no trace will be sampled");
  if (decision_cache.sampled_cache_size < 0 || decision_cache.non_sampled_cache_size < 0) {
    problems.error(at.place, path + "::decision_cache", "sizes must not be negative");
  }
  if (decision_wait < Duration::zero()) problems.error(at.place, path + "::decision_wait", "must not be negative");
  if (!problems.any_error()) check_tests(*this, at, path, problems);
}

}  // namespace weir
