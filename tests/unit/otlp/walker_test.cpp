// SPDX-License-Identifier: Apache-2.0
#include "otlp/walker.h"

#include "otlp/attributes.h"
#include "otlp/encoder.h"
#include "otlp/fields.h"
#include "otlp/writer.h"
#include "support/catch.h"
#include "support/otlp_builder.h"

namespace weir::test {
namespace {

// A traces request around the bytes of one span.
std::string request_of(std::string_view span) {
  otlp::MessageWriter writer;
  writer.begin(1);
  writer.begin(2);
  writer.bytes(2, span);
  writer.end();
  writer.end();
  return writer.take();
}

// A span with one attribute that is nested `levels` arrays deep.
std::string deep_span(uint32_t levels) {
  otlp::MessageWriter writer;
  writer.begin(otlp::field::span::kAttributes);
  writer.begin(otlp::field::key_value::kValue);
  for (uint32_t i = 0; i < levels; ++i) {
    writer.begin(otlp::field::any_value::kArray);
    writer.begin(otlp::field::list::kValues);
  }
  writer.varint(otlp::field::any_value::kInt, 1);
  for (uint32_t i = 0; i < 2 * levels + 2; ++i) writer.end();
  return writer.take();
}

TEST_CASE("a span's facts are noted, its bytes stay where they are") {
  TracesRequest request;
  auto& span = add_span(add_service(request, "shop"), 'a', 'b', "GET /");
  span.set_parent_span_id(span_id('c'));
  span.set_kind(pb::trace::v1::Span::SPAN_KIND_SERVER);
  span.set_start_time_unix_nano(5);
  span.set_end_time_unix_nano(12);
  span.mutable_status()->set_code(pb::trace::v1::Status::STATUS_CODE_ERROR);
  span.set_trace_state("x=y");
  span.add_events()->set_name("e");
  set_int(*span.add_attributes(), "n", -7);
  const Batch batch = batch_of(request);
  REQUIRE(batch.spans.size() == 1);
  const SpanRecord& record = batch.spans[0];
  CHECK(record.trace_id.bytes() == trace_id('a'));
  CHECK(record.span_id.bytes() == span_id('b'));
  CHECK(record.parent_id.bytes() == span_id('c'));
  CHECK(batch.name(record) == "GET /");
  CHECK(record.kind == SpanKind::kServer);
  CHECK(record.status == StatusCode::kError);
  CHECK(record.duration_ns() == 7);
  CHECK(record.has_events);
  CHECK(record.has_trace_state);
  CHECK(batch.body(record) == span.SerializeAsString());
  CHECK(otlp::find_span_attribute(batch, record, "n")->integer == -7);
  CHECK(batch.whole);
}

TEST_CASE("an empty request has no items and is no error") {
  const Walked walked = walk_bytes(Signal::kTraces, "");
  CHECK(walked.result.ok);
  CHECK(walked.batch.item_count() == 0);
  CHECK(walk_bytes(Signal::kMetrics, {"\x0a\x00", 2}).batch.resources.size() == 1);
}

TEST_CASE("a span with an id of wrong length is rejected alone") {
  TracesRequest request;
  auto& scope = add_service(request, "s");
  add_span(scope, 'a', 'b', "good");
  add_span(scope, 'a', 'c', "short trace").set_trace_id("123");
  add_span(scope, 'a', 'c', "long parent").set_parent_span_id("123456789");
  add_span(scope, 'a', 'c', "bad link").add_links()->set_span_id("1");
  add_span(scope, 'a', 'd', "no ids").clear_trace_id();
  const Walked walked = walk_bytes(Signal::kTraces, request.SerializeAsString());
  REQUIRE(walked.result.ok);
  CHECK(walked.result.rejected == 3);
  CHECK(walked.result.rejected_reason == "a trace id must have 16 bytes and a span id 8 bytes (or none)");
  REQUIRE(walked.batch.spans.size() == 2);
  CHECK_FALSE(walked.batch.whole);
  CHECK(walked.batch.spans[1].trace_id.empty());
  TracesRequest sent;
  REQUIRE(sent.ParseFromString(otlp::encode_to_string(walked.batch)));
  CHECK(sent.resource_spans(0).scope_spans(0).spans_size() == 2);
}

TEST_CASE("a request of nothing but such spans is refused") {
  TracesRequest request;
  add_span(add_service(request, "s"), 'a', 'b', "x").set_span_id("1234567");
  const Walked walked = walk_bytes(Signal::kTraces, request.SerializeAsString());
  CHECK_FALSE(walked.result.ok);
  CHECK(walked.batch.parts.empty());
}

TEST_CASE("what a protobuf parser refuses is refused, wherever it is") {
  const auto refused = [](std::string_view span) { return !walk_bytes(Signal::kTraces, request_of(span)).result.ok; };
  using namespace std::string_view_literals;
  CHECK_FALSE(refused(""sv));
  CHECK(refused("\x0a\x10"sv));                  // cut off
  CHECK(refused("\x08\x01"sv));                  // trace id as a varint
  CHECK(refused("\x30"sv));                      // a tag alone
  CHECK(refused("\x02\x00"sv));                  // field number 0
  CHECK(refused("\x6b\x6c"sv));                  // a group
  CHECK(refused("\x4a\x02\x08\x01"sv));          // attribute: key as a varint
  CHECK(refused("\x4a\x04\x12\x02\x0a\x05"sv));  // attribute: string value cut off
  CHECK(refused("\x4a\x04\x12\x02\x18\xff"sv));  // attribute: varint cut off
  CHECK(refused("\x4a\x06\x12\x04\x21\x01\x02\x03"sv));
  CHECK(refused("\x5a\x02\x08\x01"sv));        // event: time as a varint
  CHECK(refused("\x6a\x02\x0a\x05"sv));        // link: id cut off
  CHECK(refused("\x7a\x02\x12\x05"sv));        // status: message cut off
  CHECK(refused("\x7a\x02\x1a\x00"sv));        // status: code as bytes
  CHECK_FALSE(refused("\xc2\x3e\x01\xff"sv));  // contents of an unknown field
}

TEST_CASE("values nested 2,000 levels deep are read, deeper ones refused") {
  CHECK(walk_bytes(Signal::kTraces, request_of(deep_span(otlp::kMaxValueDepth))).result.ok);
  const Walked deeper = walk_bytes(Signal::kTraces, request_of(deep_span(otlp::kMaxValueDepth + 1)));
  CHECK_FALSE(deeper.result.ok);
  CHECK(deeper.result.too_deep);
  CHECK(deeper.result.error == "invalid protobuf in span: attribute values are nested deeper than 2000 levels");
}

TEST_CASE("a split status is merged, the last singular field wins") {
  using namespace std::string_view_literals;
  // status {code 2}, status {message "m"}, name "a", name "b"
  const Batch batch =
      batch_of(Signal::kTraces, request_of("\x7a\x02\x18\x02\x7a\x03\x12\x01m\x2a\x01\x61\x2a\x01\x62"sv));
  CHECK(batch.spans[0].status == StatusCode::kError);
  CHECK(otlp::status_message(batch, batch.spans[0]) == "m");
  CHECK(batch.name(batch.spans[0]) == "b");
}

TEST_CASE("unknown fields stay in headers and at the top, in order") {
  using namespace std::string_view_literals;
  // resource, unknown 9, an empty scope, schema url; and unknown 7 at the top
  const std::string bytes("\x0a\x0a\x0a\x00\x4a\x01z\x12\x00\x1a\x01u\x3a\x01t"sv);
  Batch batch = batch_of(Signal::kTraces, bytes);
  REQUIRE(batch.resources.size() == 1);
  CHECK(batch.resources[0].range_count == 2);
  CHECK(otlp::resource_schema_url(batch, 0) == "u");
  REQUIRE(batch.top_level.size() == 1);
  CHECK(otlp::encode_to_string(batch) == bytes);
  batch.whole = false;
  CHECK(otlp::encode_to_string(batch) == "\x0a\x0a\x0a\x00\x4a\x01z\x1a\x01u\x12\x00\x3a\x01t"sv);
}

TEST_CASE("metrics count their data points, log records count one") {
  MetricsRequest metrics;
  auto& scope = *metrics.add_resource_metrics()->add_scope_metrics();
  scope.add_metrics()->mutable_gauge()->add_data_points()->set_as_int(1);
  auto& sum = *scope.add_metrics()->mutable_sum();
  for (int i = 0; i < 3; ++i) sum.add_data_points();
  scope.add_metrics()->set_name("no data");
  scope.add_metrics()->mutable_summary()->add_data_points();
  scope.add_metrics()->mutable_histogram()->add_data_points()->add_bucket_counts(4);
  scope.add_metrics()->mutable_exponential_histogram()->add_data_points()->mutable_positive()->add_bucket_counts(300);
  const Batch batch = batch_of(metrics);
  CHECK(batch.items.size() == 6);
  CHECK(batch.item_count() == 7);
  LogsRequest logs;
  logs.add_resource_logs()->add_scope_logs()->add_log_records()->mutable_body()->set_string_value("x");
  CHECK(batch_of(logs).item_count() == 1);
}

TEST_CASE("a metric or log record with a bad id is rejected alone") {
  LogsRequest logs;
  auto& scope = *logs.add_resource_logs()->add_scope_logs();
  scope.add_log_records()->set_trace_id("short");
  scope.add_log_records();
  CHECK(walk_bytes(Signal::kLogs, logs.SerializeAsString()).result.rejected == 1);
  MetricsRequest metrics;
  auto& metric_scope = *metrics.add_resource_metrics()->add_scope_metrics();
  auto& gauge = *metric_scope.add_metrics()->mutable_gauge();
  gauge.add_data_points()->add_exemplars()->set_span_id("x");
  gauge.add_data_points();
  metric_scope.add_metrics()->mutable_gauge()->add_data_points();
  const Walked walked = walk_bytes(Signal::kMetrics, metrics.SerializeAsString());
  CHECK(walked.result.rejected == 2);
  CHECK(walked.batch.item_count() == 1);
}

TEST_CASE("the index stops at its limit") {
  TracesRequest request;
  auto& scope = add_service(request, "s");
  for (int i = 0; i < 100; ++i) scope.add_spans();
  Part part;
  part.bytes = BufferRef::copy_of(request.SerializeAsString());
  Batch batch;
  CHECK(otlp::walk(Signal::kTraces, part, batch, 1000).too_many);
  CHECK(otlp::walk(Signal::kTraces, part, batch, otlp::index_size(part.bytes->view()) * 2).ok);
}

}  // namespace
}  // namespace weir::test
