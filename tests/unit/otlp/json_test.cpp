// SPDX-License-Identifier: Apache-2.0
#include <cmath>

#include "otlp/json_in.h"
#include "otlp/json_out.h"
#include "otlp/walker.h"
#include "support/catch.h"
#include "support/otlp_builder.h"

namespace weir::test {
namespace {

std::string error_of(std::string_view json, Signal signal = Signal::kTraces) {
  std::string error;
  return otlp::json_to_protobuf(signal, json, &error) ? "" : error;
}

bool accepts(std::string_view json) {
  const auto bytes = otlp::json_to_protobuf(Signal::kTraces, json, nullptr);
  return bytes && walk_bytes(Signal::kTraces, *bytes).result.ok;
}

TracesRequest parsed(std::string_view json) {
  std::string error;
  const auto bytes = otlp::json_to_protobuf(Signal::kTraces, json, &error);
  INFO(error);
  REQUIRE(bytes.has_value());
  TracesRequest request;
  REQUIRE(request.ParseFromString(*bytes));
  return request;
}

// A request around the members of one span, after ids and a name.
std::string with_span(const std::string& members) {
  return R"({"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"11111111111111111111111111111111",)"
         R"("spanId":"2222222222222222","name":"raw")" +
         (members.empty() ? "" : "," + members) + "}]}]}]}";
}
std::string with_value(const std::string& value) {
  return with_span(R"("attributes":[{"key":"k","value":)" + value + "}]");
}
pb::trace::v1::Span span_of(const std::string& members) {
  return parsed(with_span(members)).resource_spans(0).scope_spans(0).spans(0);
}
pb::common::v1::AnyValue value_of(const std::string& value) {
  return parsed(with_value(value)).resource_spans(0).scope_spans(0).spans(0).attributes(0).value();
}

std::string deep(int levels) {
  std::string json;
  for (int i = 0; i < levels; ++i) json += R"({"kvlistValue":{"values":[{"key":"k","value":)";
  json += R"({"intValue":1})";
  for (int i = 0; i < levels; ++i) json += "}]}}";
  return with_value(json);
}

TEST_CASE("documents that the collector accepts are accepted") {
  for (const char* json : {"{}", "null", R"({"resourceSpans":null})", R"({"resourceSpans":[]})", " \n{} ", "{} x",
                           "{}{", R"({"bogus":{"a":[1,{"b":null}]},"other":"x","n":1.5e3,"t":true})"}) {
    CAPTURE(json);
    CHECK(accepts(json));
  }
}

TEST_CASE("documents that the collector refuses are refused") {
  for (const char* json :
       {"", "[]", "hello", "1", "\"x\"", "true", "{", "\xef\xbb\xbf{}", "/*c*/{}", "{'a':1}", R"({"a":})",
        R"({"resourceSpans":{}})", R"({"resourceSpans":[[]]})", R"({"resourceSpans":[1]})", R"({"resourceSpans":"x"})",
        R"({"resourceSpans":[{"resource":[]}]})"}) {
    CAPTURE(json);
    CHECK_FALSE(accepts(json));
  }
  CHECK(error_of("hello") == "invalid JSON at byte 0: syntax error");
}

TEST_CASE("members of a span as the collector reads them") {
  CHECK(span_of("").trace_id() == std::string(16, '\x11'));
  CHECK(span_of(R"("kind":"SPAN_KIND_SERVER")").kind() == 2);
  CHECK(span_of(R"("kind":99)").kind() == 99);
  CHECK(span_of(R"("status":{"code":"STATUS_CODE_ERROR"})").status().code() == 2);
  CHECK(span_of(R"("startTimeUnixNano":1700000000000000000)").start_time_unix_nano() == 1700000000000000000);
  CHECK(span_of(R"("startTimeUnixNano":"18446744073709551615")").start_time_unix_nano() == UINT64_MAX);
  CHECK(span_of(R"("name":"a","name":"b")").name() == "b");
  CHECK(span_of(R"("attributes":null,"events":null,"links":null,"status":null,"name":null)").name().empty());
  CHECK(span_of(R"("flags":257,"droppedAttributesCount":"3")").flags() == 257);
  CHECK(span_of(R"("traceId":"ABABABABABABABABABABABABABABABAB")").trace_id() == std::string(16, '\xab'));
  CHECK(span_of(R"("traceId":"","spanId":"","parentSpanId":"")").trace_id().empty());
  CHECK(span_of(R"("trace_state":"a=1","start_time_unix_nano":"5","dropped_events_count":1)").start_time_unix_nano() ==
        5);
  CHECK(span_of(R"("name":"\u2603 \ud834\udd1e \u0000 \ud800")").name() == std::string("☃ 𝄞 \0 \xef\xbf\xbd", 14));
  for (const char* members :
       {R"("kind":"BOGUS")", R"("kind":"2")", R"("kind":1.0)", R"("kind":null)", R"("startTimeUnixNano":1.7e18)",
        R"("startTimeUnixNano":"-1")", R"("startTimeUnixNano":-1)", R"("startTimeUnixNano":"")",
        R"("startTimeUnixNano":true)", R"("traceId":"ERERERERERERERERERERERE=")", R"("traceId":"1111")",
        R"("traceId":"111")", R"("traceId":null)", R"("traceId":5)", R"("name":5)", R"("name":["x"])",
        R"("attributes":{})", R"("status":[])", R"("flags":4294967296)"}) {
    CAPTURE(members);
    CHECK_FALSE(accepts(with_span(members)));
  }
}

TEST_CASE("a JSON span with an id of wrong length is rejected alone, as in protobuf") {
  const std::string json =
      R"({"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"1111","name":"a"},{"name":"b"}]}]}]})";
  const Walked walked = walk_bytes(Signal::kTraces, *otlp::json_to_protobuf(Signal::kTraces, json, nullptr));
  CHECK(walked.result.ok);
  CHECK(walked.result.rejected == 1);
}

TEST_CASE("attribute values as the collector reads them") {
  CHECK(value_of(R"({"intValue":"-5"})").int_value() == -5);
  CHECK(value_of(R"({"intValue":5})").int_value() == 5);
  CHECK(value_of(R"({"intValue":"+5"})").int_value() == 5);
  CHECK(std::isnan(value_of(R"({"doubleValue":"NaN"})").double_value()));
  CHECK(value_of(R"({"doubleValue":"-Infinity"})").double_value() == -INFINITY);
  CHECK(value_of(R"({"doubleValue":"1.5"})").double_value() == 1.5);
  CHECK(value_of(R"({"doubleValue":2})").double_value() == 2);
  CHECK(std::signbit(value_of(R"({"doubleValue":-0})").double_value()));
  CHECK(value_of(R"({"doubleValue":0.1})").double_value() == 0.1);
  CHECK(value_of(R"({"doubleValue":123456789012345678901234567890})").double_value() ==
        123456789012345678901234567890.0);
  CHECK(value_of(R"({"bytesValue":"AP8Q"})").bytes_value() == std::string("\0\xff\x10", 3));
  CHECK(value_of(R"({"bytesValue":""})").value_case() == pb::common::v1::AnyValue::kBytesValue);
  CHECK(value_of("{}").value_case() == pb::common::v1::AnyValue::VALUE_NOT_SET);
  CHECK(value_of("null").value_case() == pb::common::v1::AnyValue::VALUE_NOT_SET);
  CHECK(value_of(R"({"stringValue":"a","intValue":1})").int_value() == 1);
  CHECK(value_of(R"({"array_value":{"values":[{"string_value":"a"},{},null]}})").array_value().values_size() == 3);
  for (const char* value :
       {R"({"intValue":5.5})", R"({"intValue":1e3})", R"({"intValue":"9223372036854775808"})", R"({"intValue":"x"})",
        R"({"intValue":" 1"})", R"({"boolValue":"true"})", R"({"boolValue":1})", R"({"stringValue":5})",
        R"({"bytesValue":"_-8"})", R"({"bytesValue":"%%%"})", R"({"bytesValue":"AP8"})", R"({"bytesValue":"A==="})",
        R"({"doubleValue":"1e999"})", R"({"doubleValue":"1x"})", "{\"doubleValue\":\"nan(1)\"}",
        R"({"boolValue":null})"}) {
    CAPTURE(value);
    CHECK_FALSE(accepts(with_value(value)));
  }
}

TEST_CASE("invalid UTF-8 passes, nesting is read 2,000 levels deep") {
  const auto bytes = otlp::json_to_protobuf(Signal::kTraces, with_span("\"name\":\"\xff\xfe\""), nullptr);
  const Batch batch = batch_of(Signal::kTraces, bytes.value());
  CHECK(batch.name(batch.spans[0]) == "\xff\xfe");
  CHECK(accepts(deep(1200)));
  CHECK(accepts(deep(2000)));
  CHECK(error_of(deep(2001)).find("attribute values are nested too deep") != std::string::npos);
  CHECK_FALSE(accepts(std::string(1 << 20, '[')));
  CHECK_FALSE(accepts(R"({"unknown":)" + std::string(100000, '[')));
}

TEST_CASE("metrics and logs come from JSON too") {
  const std::string metrics =
      R"({"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"name":"h","histogram":{)"
      R"("aggregationTemporality":2,"dataPoints":[{"count":"3","sum":1.5,"bucketCounts":["1",2],)"
      R"("explicitBounds":[1,"2.5"],"min":0}]}},{"exponentialHistogram":{"dataPoints":[)"
      R"({"scale":-3,"positive":{"offset":-2,"bucketCounts":["300","1"]}}]}}]}]}]})";
  MetricsRequest request;
  REQUIRE(request.ParseFromString(otlp::json_to_protobuf(Signal::kMetrics, metrics, nullptr).value()));
  const auto& scope = request.resource_metrics(0).scope_metrics(0);
  const auto& point = scope.metrics(0).histogram().data_points(0);
  CHECK(point.count() == 3);
  CHECK(point.has_min());
  CHECK_FALSE(point.has_max());
  CHECK((point.bucket_counts_size() == 2 && point.bucket_counts(1) == 2));
  CHECK(point.explicit_bounds(1) == 2.5);
  const auto& exponential = scope.metrics(1).exponential_histogram().data_points(0);
  CHECK(exponential.scale() == -3);
  CHECK((exponential.positive().offset() == -2 && exponential.positive().bucket_counts(0) == 300));
  const std::string logs = R"({"resourceLogs":[{"scopeLogs":[{"logRecords":[{"severityNumber":"SEVERITY_NUMBER_WARN",)"
                           R"("body":{"stringValue":"x"},"observed_time_unix_nano":"7"}]}]}]})";
  LogsRequest log_request;
  REQUIRE(log_request.ParseFromString(otlp::json_to_protobuf(Signal::kLogs, logs, nullptr).value()));
  CHECK(log_request.resource_logs(0).scope_logs(0).log_records(0).severity_number() == 13);
}

TEST_CASE("a batch is written as the collector's file exporter does") {
  TracesRequest request;
  auto& scope = add_service(request, "shop");
  request.mutable_resource_spans(0)->set_schema_url("r");
  scope.mutable_scope()->set_name("lib");
  scope.set_schema_url("s");
  auto& span = add_span(scope, '\x11', '\x22', "GET \"/\"");
  span.set_kind(pb::trace::v1::Span::SPAN_KIND_SERVER);
  span.set_start_time_unix_nano(5);
  span.set_flags(257);
  set_int(*span.add_attributes(), "n", 200);
  add_span(scope, '\x11', '\x33', "b").set_parent_span_id(span_id('\x22'));
  std::string json;
  otlp::append_json(batch_of(request), json);
  CHECK(json ==
        R"({"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"shop"}}]},)"
        R"("scopeSpans":[{"scope":{"name":"lib"},"spans":[{"traceId":"11111111111111111111111111111111",)"
        R"("spanId":"2222222222222222","flags":257,"name":"GET \"/\"","kind":2,)"
        R"("startTimeUnixNano":"5","attributes":[{"key":"n","value":{"intValue":"200"}}],"status":{}},)"
        R"({"traceId":"11111111111111111111111111111111","spanId":"3333333333333333",)"
        R"("parentSpanId":"2222222222222222","name":"b","status":{}}],"schemaUrl":"s"}],"schemaUrl":"r"}]})");
  std::string empty;
  otlp::append_json(Batch(), empty);
  CHECK(empty == "{}");
}

template <class Request>
void check_round_trip(Signal signal, uint64_t seed) {
  RandomMessage random(seed);
  Request request;
  random.fill(request);
  // The same message in any form on the wire, and without what JSON cannot carry (unknown fields).
  Batch batch = batch_of(signal, scramble(request, random));
  std::string json;
  otlp::append_json(batch, json);
  std::string error;
  const auto bytes = otlp::json_to_protobuf(signal, json, &error);
  CAPTURE(json);
  INFO(error);
  REQUIRE(bytes.has_value());
  Request again;
  REQUIRE(again.ParseFromString(*bytes));
  std::string second;
  otlp::append_json(batch_of(signal, *bytes), second);
  CHECK(second == json);
  // What is written always (empty resource, value, status …) is there now: compare in that form.
  Batch plain = batch_of(signal, request.SerializeAsString());
  std::string from_plain;
  otlp::append_json(plain, from_plain);
  CHECK(from_plain == json);
}

TEST_CASE("random messages survive the way through JSON and back") {
  for (uint64_t seed = 5000; seed < 5150; ++seed) {
    CAPTURE(seed);
    check_round_trip<TracesRequest>(Signal::kTraces, seed);
    check_round_trip<MetricsRequest>(Signal::kMetrics, seed);
    check_round_trip<LogsRequest>(Signal::kLogs, seed);
  }
}

TEST_CASE("recorded JSON of real senders has the right counts and the same text again") {
  int seen = 0;
  for (const Capture& capture : otlp_captures()) {
    if (!capture.json) continue;
    CAPTURE(capture.name);
    std::string error;
    const auto bytes = otlp::json_to_protobuf(capture.signal, capture.bytes, &error);
    INFO(error);
    REQUIRE(bytes.has_value());
    const Batch batch = batch_of(capture.signal, *bytes);
    CHECK((capture.signal == Signal::kMetrics ? batch.items.size() : batch.item_count()) == capture.items);
    ++seen;
  }
  CHECK(seen >= 7);
}

}  // namespace
}  // namespace weir::test
