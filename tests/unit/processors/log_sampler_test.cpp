// SPDX-License-Identifier: Apache-2.0
#include "fixture.h"
#include "otlp/encoder.h"
#include "processors/probabilistic_sampler/probabilistic_sampler.h"
#include "support/otlp_builder.h"

namespace weir::test {

namespace {

using Record = pb::logs::v1::LogRecord;

struct SampledLogs {
  std::vector<Record> kept;
  RecordingTelemetry telemetry;
  // By the body.
  std::string names() const {
    std::string names;
    for (const Record& record : kept) names += record.body().string_value() + " ";
    return names;
  }
};

std::unique_ptr<SampledLogs> sample(const std::string& yaml, const std::vector<Record>& records) {
  LogsRequest request;
  auto* scope = request.add_resource_logs()->add_scope_logs();
  for (const Record& record : records) *scope->add_log_records() = record;
  World world;
  auto result = std::make_unique<SampledLogs>();
  world.env.signal = Signal::kLogs;
  world.env.telemetry = &result->telemetry;
  Sink sink(world.ledger, world.destination);
  const auto processor = make_probabilistic_sampler(good_config<ProbabilisticSamplerConfig>(yaml), world.env);
  processor->make_stage(world.place(), sink)->consume(batch_of(request));
  if (sink.batches.empty()) return result;
  LogsRequest left;
  REQUIRE(left.ParseFromString(otlp::encode_to_string(sink.batches[0])));
  for (const Record& record : left.resource_logs(0).scope_logs(0).log_records()) result->kept.push_back(record);
  return result;
}

Record record(const std::string& name, uint64_t trace = 0) {
  Record record;
  record.mutable_body()->set_string_value(name);
  if (trace != 0) record.set_trace_id(id_bytes(mix64(trace), 16));
  return record;
}
Record tagged(Record record, const std::string& key, const std::string& value) {
  set_string(*record.add_attributes(), key, value);
  return record;
}
Record numbered(Record record, const std::string& key, int64_t value) {
  set_int(*record.add_attributes(), key, value);
  return record;
}
std::string tags_of(const Record& record) {
  std::string tags;
  for (const auto& tag : record.attributes()) tags += tag.key() + "=" + tag.value().string_value() + " ";
  return tags;
}
double count(const SampledLogs& logs, const std::string& policy, bool sampled) {
  const std::string labels = "{policy=" + policy + ",sampled=" + (sampled ? "true}" : "false}");
  const std::string name = "otelcol_processor_probabilistic_sampler_count_logs_sampled" + labels;
  return logs.telemetry.has(name) ? logs.telemetry.value(name) : 0;
}

}  // namespace

TEST_CASE("probabilistic_sampler of logs: the share that was asked for, by trace id") {
  std::vector<Record> records;
  for (uint64_t i = 1; i <= 2000; ++i) records.push_back(record(std::to_string(i), i));
  for (const char* mode : {"hash_seed", "equalizing", "proportional"}) {
    INFO(mode);
    const std::string yaml = std::string("{mode: ") + mode + ", sampling_percentage: 25}";
    const auto first = sample(yaml, records);
    CHECK(first->kept.size() > 400);
    CHECK(first->kept.size() < 600);
    CHECK(sample(yaml, records)->names() == first->names());
  }
  const auto all = sample("{sampling_percentage: 100}", {record("a", 1)});
  REQUIRE(all->kept.size() == 1);
  CHECK(tags_of(all->kept[0]).find("sampling.threshold=0 ") != std::string::npos);
  CHECK(count(*all, "trace_id_hash", true) == 1);
}

TEST_CASE("probabilistic_sampler of logs: by an attribute where there is no trace id, or it is not asked for") {
  std::vector<Record> records;
  for (int i = 0; i < 1000; ++i) records.push_back(tagged(record(std::to_string(i)), "user", std::to_string(i)));
  const auto some = sample("{sampling_percentage: 50, from_attribute: user}", records);
  CHECK(some->kept.size() > 400);
  CHECK(some->kept.size() < 600);
  CHECK(count(*some, "user", true) + count(*some, "user", false) == 1000);
  for (Record& one : records) one.set_trace_id(id_bytes(1, 16));
  CHECK(sample("{sampling_percentage: 50, attribute_source: record, from_attribute: user}", records)->names() ==
        some->names());
  CHECK(sample("{sampling_percentage: 50, from_attribute: user}", records)->kept.size() % 1000 == 0);
}

TEST_CASE("probabilistic_sampler of logs: without randomness, or with texts that are none") {
  CHECK(sample("{sampling_percentage: 100}", {record("a")})->kept.empty());
  const auto open = sample("{sampling_percentage: 1, fail_closed: false}", {record("a")});
  REQUIRE(open->kept.size() == 1);
  CHECK(tags_of(open->kept[0]) == "sampling.threshold=0 ");
  CHECK(count(*open, "missing_randomness", true) == 1);
  const Record wrong = tagged(record("a", 1), "sampling.threshold", "xyz");
  CHECK(sample("{mode: equalizing, sampling_percentage: 100}", {wrong})->kept.empty());
  const auto left = sample("{mode: equalizing, sampling_percentage: 1, fail_closed: false}", {wrong});
  REQUIRE(left->kept.size() == 1);
  CHECK(tags_of(left->kept[0]) == "sampling.threshold=xyz ");
  // hash_seed leaves alone what was sampled consistently.
  CHECK(sample("{sampling_percentage: 100}", {tagged(record("a", 1), "sampling.threshold", "8")})->kept.empty());
}

TEST_CASE("probabilistic_sampler of logs: thresholds are written into attributes") {
  const Record high = tagged(record("a"), "sampling.randomness", "ffffffffffffff");
  const auto half = sample("{mode: equalizing, sampling_percentage: 50}", {high});
  REQUIRE(half->kept.size() == 1);
  CHECK(tags_of(half->kept[0]) == "sampling.randomness=ffffffffffffff sampling.threshold=8 ");
  const auto thinner =
      sample("{mode: proportional, sampling_percentage: 50}", {tagged(high, "sampling.threshold", "8")});
  REQUIRE(thinner->kept.size() == 1);
  CHECK(tags_of(thinner->kept[0]) == "sampling.randomness=ffffffffffffff sampling.threshold=c ");
  const auto kept = sample("{mode: equalizing, sampling_percentage: 50}", {tagged(high, "sampling.threshold", "c")});
  REQUIRE(kept->kept.size() == 1);
  CHECK(tags_of(kept->kept[0]) == "sampling.randomness=ffffffffffffff sampling.threshold=c ");
}

TEST_CASE("probabilistic_sampler of logs: an attribute with a percentage of its own") {
  const std::vector<Record> records{numbered(record("all", 1), "priority", 100),
                                    numbered(record("none", 2), "priority", 0),
                                    numbered(record("more", 3), "priority", 101), record("plain", 4)};
  const auto named = sample("{sampling_percentage: 0, sampling_priority: priority}", records);
  CHECK(named->names() == "all ");
  CHECK(count(*named, "sampling_priority", true) == 1);
  CHECK(sample("{sampling_percentage: 100, sampling_priority: priority}", records)->names() == "all none more plain ");
}

}  // namespace weir::test
