// SPDX-License-Identifier: Apache-2.0
#include "fixture.h"
#include "processors/transform/transform.h"

// Records with more parts of a kind than any honest client sends: what is done and held for them grows with their
// number, no faster. With 300000 of them, other ways take minutes or all memory.
namespace weir::test {

namespace {

namespace field = otlp::field;

constexpr size_t kMany = 300'000;

Batch one_item(Signal signal, const std::string& item) {
  otlp::MessageWriter out;
  out.begin(field::request::kResources);
  out.begin(field::resource_group::kScopes);
  out.bytes(field::scope_group::kItems, item);
  out.end();
  out.end();
  Batch batch;
  REQUIRE(otlp::walk(signal, Part{BufferRef::copy_of(out.take())}, batch).ok);
  return batch;
}

std::string many(uint32_t number, const std::string& message) {
  otlp::MessageWriter out;
  for (size_t i = 0; i < kMany; ++i) out.bytes(number, message);
  return out.take();
}

Batch one_span(const std::string& more) {
  otlp::MessageWriter out;
  out.bytes(field::span::kTraceId, id_bytes(1, 16));
  out.bytes(field::span::kSpanId, id_bytes(1, 8));
  return one_item(Signal::kTraces, out.take() + more);
}

Batch one_sum() {
  otlp::MessageWriter out;
  out.bytes(field::metric::kSum, many(field::metric_data::kDataPoints, ""));
  return one_item(Signal::kMetrics, out.take());
}

// The batch behind statements, and whether that came soon.
Batch soon(const std::string& statements, Batch batch) {
  World world;
  world.env.signal = batch.signal;
  Sink sink(world.ledger, world.destination);
  const auto processor = make_transform(good_config<TransformConfig>(statements), world.env);
  const auto stage = processor->make_stage(world.place(), sink);
  const auto start = std::chrono::steady_clock::now();
  stage->consume(std::move(batch));
  CHECK(std::chrono::steady_clock::now() - start < 20s);
  REQUIRE(sink.batches.size() == 1);
  return std::move(sink.batches[0]);
}

}  // namespace

TEST_CASE("transform: a span whose status is sent in very many pieces") {
  const Batch out =
      soon("trace_statements: ['set(span.status.message, \"x\")']", one_span(many(field::span::kStatus, "\x18\x01")));
  CHECK(out.body(out.spans[0]).size() < 2 * kMany + 100);  // the pieces, joined
}

TEST_CASE("transform: a resource that is sent in very many pieces") {
  otlp::MessageWriter out;
  out.begin(field::request::kResources);
  for (size_t i = 0; i < kMany; ++i) out.bytes(field::resource_group::kResource, "\x10\x01");
  out.begin(field::resource_group::kScopes);
  out.begin(field::scope_group::kItems);
  out.bytes(field::span::kTraceId, id_bytes(1, 16));
  out.bytes(field::span::kSpanId, id_bytes(1, 8));
  out.end();
  out.end();
  out.end();
  Batch batch;
  REQUIRE(otlp::walk(Signal::kTraces, Part{BufferRef::copy_of(out.take())}, batch).ok);
  const Batch changed = soon("trace_statements: ['set(resource.attributes[\"a\"], \"x\")']", std::move(batch));
  CHECK(otlp::find_resource_attribute(changed, 0, "a").has_value());
}

TEST_CASE("transform: very many events that look at their span") {
  const std::string statements =
      "trace_statements: ['set(spanevent.attributes[\"a\"], span.trace_state) where span.status.message == \"\"']";
  soon(statements, one_span(many(field::span::kEvents, "")));
}

TEST_CASE("transform: very many data points that look at their metric") {
  soon("metric_statements: ['set(datapoint.value_int, 1)']", one_sum());
  soon("metric_statements: ['set(datapoint.flags, 1) where metric.is_monotonic == false and metric.unit == \"\"']",
       one_sum());
}

TEST_CASE("transform: a JSON object of very many keys becomes attributes") {
  std::string json = "{\"j\":0";
  for (size_t i = 0; i < kMany; ++i) json += ",\"k" + std::to_string(i) + "\":1";
  TestSpan span;
  span.tags = {Tag::string("j", json + "}")};
  const Batch out =
      soon("trace_statements: ['merge_maps(span.attributes, ParseJSON(span.attributes[\"j\"]), \"upsert\")']",
           request({span}));
  size_t count = 0;
  otlp::for_each_span_attribute(out, out.spans[0], [&count](const otlp::Attribute&) { ++count; });
  CHECK(count == kMany + 1);
}

}  // namespace weir::test
