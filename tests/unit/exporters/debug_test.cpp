// SPDX-License-Identifier: Apache-2.0
#include "exporters/debug/debug.h"

#include <unistd.h>

#include <bit>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "exporters/debug/text.h"
#include "queue_fixture.h"

namespace weir::test {

using Verbosity = DebugConfig::Verbosity;

namespace {

std::string one_span_request() {
  namespace field = otlp::field;
  otlp::MessageWriter out;
  out.begin(field::request::kResources);
  out.begin(field::resource_group::kResource);
  out.string_attribute(field::resource::kAttributes, "service.name", "shop");
  out.end();
  out.begin(field::resource_group::kScopes);
  out.begin(field::scope_group::kScope);
  out.bytes(field::scope::kName, "lib");
  out.bytes(field::scope::kVersion, "1.2");
  out.end();
  out.begin(field::scope_group::kItems);
  out.bytes(field::span::kTraceId, "0123456789abcdef");
  out.bytes(field::span::kSpanId, "01234567");
  out.bytes(field::span::kName, "GET /cart");
  out.varint(field::span::kKind, 2);
  out.fixed64(field::span::kStartTime, 1'581'452'772'000'000'321);
  out.fixed64(field::span::kEndTime, 1'581'452'773'000'000'000);
  out.int_attribute(field::span::kAttributes, "http.status", 500);
  out.begin(field::span::kEvents);
  out.fixed64(field::event::kTime, 1'581'452'773'000'000'123);
  out.bytes(field::event::kName, "oops");
  out.string_attribute(field::event::kAttributes, "why", "disk");
  out.end();
  out.begin(field::span::kStatus);
  out.bytes(field::status::kMessage, "broken");
  out.varint(field::status::kCode, 2);
  out.end();
  for (int open = 0; open < 3; ++open) out.end();
  return out.take();
}

struct DebugWorld : ExporterWorld {
  DebugWorld() {
    config.use_internal_logger = false;
    path = (std::filesystem::temp_directory_path() / ("weir-debug-" + std::to_string(::getpid()))).string();
    std::filesystem::remove(path);
    config.output_paths = {path};
  }
  ~DebugWorld() { std::filesystem::remove(path); }
  void build() { stage = make_debug(config, env())->make_stage(shards.at(0)); }
  std::string written() const {
    std::ifstream in(path);
    std::stringstream all;
    all << in.rdbuf();
    return all.str();
  }
  std::string path;
  DebugConfig config;
  SimShards shards{1, 1};
  std::unique_ptr<Stage> stage;
};

}  // namespace

TEST_CASE("debug: the detailed text of a span") {
  const Batch batch = walked(Signal::kTraces, one_span_request(), 0);
  CHECK(debug_text(batch, Verbosity::kDetailed) == R"(ResourceSpans #0
Resource SchemaURL: 
Resource attributes:
     -> service.name: Str(shop)
ScopeSpans #0
ScopeSpans SchemaURL: 
InstrumentationScope lib 1.2
Span #0
    Trace ID       : 30313233343536373839616263646566
    Parent ID      : 
    ID             : 3031323334353637
    Name           : GET /cart
    Kind           : Server
    Start time     : 2020-02-11 20:26:12.000000321 +0000 UTC
    End time       : 2020-02-11 20:26:13 +0000 UTC
    Status code    : Error
    Status message : broken
    DroppedAttributesCount: 0
    DroppedEventsCount: 0
    DroppedLinksCount: 0
Attributes:
     -> http.status: Int(500)
Events:
SpanEvent #0
     -> Name: oops
     -> Timestamp: 2020-02-11 20:26:13.000000123 +0000 UTC
     -> DroppedAttributesCount: 0
     -> Attributes::
          -> why: Str(disk)
)");
}

TEST_CASE("debug: the normal text has a line for each item") {
  const Batch batch = walked(Signal::kTraces, one_span_request(), 0);
  CHECK(debug_text(batch, Verbosity::kNormal) ==
        "ResourceTraces #0 service.name=shop\nScopeTraces #0 lib@1.2\n"
        "GET /cart 30313233343536373839616263646566 3031323334353637 http.status=500\n");
  const Batch metrics = walked(Signal::kMetrics, metric_request(2), 0);
  CHECK(debug_text(metrics, Verbosity::kNormal) == "ResourceMetrics #0\nScopeMetrics #0\ncalls{n=0} 0\ncalls{n=1} 1\n");
}

TEST_CASE("debug: the detailed text of a metric") {
  const Batch batch = walked(Signal::kMetrics, metric_request(1), 0);
  CHECK(debug_text(batch, Verbosity::kDetailed) == R"(ResourceMetrics #0
Resource SchemaURL: 
ScopeMetrics #0
ScopeMetrics SchemaURL: 
InstrumentationScope  
Metric #0
Descriptor:
     -> Name: calls
     -> Description: 
     -> Unit: 
     -> DataType: Sum
     -> IsMonotonic: true
     -> AggregationTemporality: Cumulative
NumberDataPoints #0
Data point attributes:
     -> n: Str(0)
StartTimestamp: 1970-01-01 00:00:00 +0000 UTC
Timestamp: 2023-11-14 22:13:20 +0000 UTC
Value: 0
)");
}

TEST_CASE("debug: numbers as Go writes them") {
  using namespace debug_text_parts;
  CHECK(fixed(1.5) == "1.500000");
  CHECK(fixed(std::nan("")) == "NaN");
  CHECK(shortest(1.5) == "1.5");
  CHECK(shortest(3) == "3");
  CHECK(shortest(1e20) == "100000000000000000000");
  CHECK(shortest(1e21) == "1e+21");
  CHECK(shortest(0.0001) == "0.0001");
  CHECK(shortest(1e-7) == "1e-07");
  CHECK(shortest(-std::numeric_limits<double>::infinity()) == "-Inf");
}

TEST_CASE("debug: buckets, extremes and metadata of a metric") {
  namespace field = otlp::field;
  otlp::MessageWriter out;
  for (const uint32_t level : {field::request::kResources, field::resource_group::kScopes, field::scope_group::kItems})
    out.begin(level);
  out.bytes(field::metric::kName, "e");
  out.string_attribute(field::metric::kMetadata, "m", "v");
  out.begin(field::metric::kExponentialHistogram);
  out.begin(field::metric_data::kDataPoints);
  namespace point = field::exponential_point;
  out.fixed64(point::kCount, 3);
  out.varint(point::kScale, 0);
  out.fixed64(point::kZeroCount, 1);
  out.begin(point::kPositive);
  out.varint(field::exponential_buckets::kBucketCounts, 2);
  out.end();
  out.fixed64(point::kMax, std::bit_cast<uint64_t>(1.5));
  for (int open = 0; open < 5; ++open) out.end();
  const Batch batch = walked(Signal::kMetrics, out.take(), 0);
  const std::string detailed = debug_text(batch, Verbosity::kDetailed);
  INFO(detailed);
  CHECK(detailed.find("     -> Metadata:\n          -> m: Str(v)\n") != std::string::npos);
  CHECK(
      detailed.ends_with("Count: 3\nMax: 1.500000\nBucket [0, 0], Count: 1\nBucket (1.000000, 2.000000], Count: 2\n"));
  CHECK(debug_text(batch, Verbosity::kNormal).ends_with("\ne{} count=3 max=1.5 zero=1 le2=2\n"));
}

TEST_CASE("debug: items are numbered within their scope, scopes within their resource") {
  const std::string twice = trace_request(2, "a") + trace_request(1, "b");
  const std::string text = debug_text(walked(Signal::kTraces, twice, 0), Verbosity::kDetailed);
  CHECK(text.find("Span #1") != std::string::npos);
  const size_t second = text.find("ResourceSpans #1");
  REQUIRE(second != std::string::npos);
  CHECK(text.find("ScopeSpans #0", second) != std::string::npos);
  CHECK(text.find("Span #0", second) != std::string::npos);
}

TEST_CASE("debug: the basic line, settled as exported") {
  DebugWorld world;
  world.build();
  world.stage->consume(world.spans(2));
  CHECK(world.written() == "Traces\t{\"resource spans\": 1, \"spans\": 2}\n");
  CHECK(world.settled(Outcome::kExported) == 2);
  world.check_accounts(0);
}

TEST_CASE("debug: after the first batches of a second every n-th is written") {
  DebugWorld world;
  world.config.sampling_initial = 2;
  world.config.sampling_thereafter = 3;
  world.build();
  const auto lines = [&] {
    const std::string all = world.written();
    return std::count(all.begin(), all.end(), '\n');
  };
  for (int i = 0; i < 9; ++i) world.stage->consume(world.spans(1));
  CHECK(lines() == 4);  // 1, 2, 5, 8
  world.clock.advance(std::chrono::seconds(1));
  world.stage->consume(world.spans(1));
  CHECK(lines() == 5);
  CHECK(world.settled(Outcome::kExported) == 10);
}

}  // namespace weir::test
