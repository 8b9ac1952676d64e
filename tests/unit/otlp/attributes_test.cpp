// SPDX-License-Identifier: Apache-2.0
#include "otlp/attributes.h"

#include <cmath>
#include <limits>

#include "otlp/writer.h"
#include "support/catch.h"
#include "support/otlp_builder.h"

namespace weir::test {
namespace {

using pb::common::v1::AnyValue;

std::string text_of(const AnyValue& value) { return otlp::to_text(otlp::parse_any_value(value.SerializeAsString())); }
std::string text_of(double real) {
  AnyValue value;
  value.set_double_value(real);
  return text_of(value);
}

TEST_CASE("numbers are written as the collector's AsString writes them") {
  CHECK(text_of(0.0) == "0");
  CHECK(text_of(-0.0) == "-0");
  CHECK(text_of(1.5) == "1.5");
  CHECK(text_of(100.0) == "100");
  CHECK(text_of(0.1 + 0.2) == "0.30000000000000004");
  CHECK(text_of(1e20) == "100000000000000000000");
  CHECK(text_of(1e21) == "1e+21");
  CHECK(text_of(0.000001) == "0.000001");
  CHECK(text_of(1.5e-7) == "1.5e-7");
  CHECK(text_of(1e-10) == "1e-10");
  CHECK(text_of(1e100) == "1e+100");
  CHECK(text_of(std::numeric_limits<double>::max()) == "1.7976931348623157e+308");
  CHECK(text_of(std::numeric_limits<double>::denorm_min()) == "5e-324");
  CHECK(text_of(std::nan("")) == "NaN");
  CHECK(text_of(std::numeric_limits<double>::infinity()) == "Infinity");
  AnyValue value;
  value.set_int_value(std::numeric_limits<int64_t>::min());
  CHECK(text_of(value) == "-9223372036854775808");
}

TEST_CASE("other scalars have their text") {
  AnyValue value;
  CHECK(text_of(value).empty());
  value.set_bool_value(true);
  CHECK(text_of(value) == "true");
  value.set_string_value("a \"b\"");
  CHECK(text_of(value) == "a \"b\"");
  value.set_bytes_value(std::string("\x00\xff\x10", 3));
  CHECK(text_of(value) == "AP8Q");
  value.set_bytes_value("ab");
  CHECK(text_of(value) == "YWI=");
  value.set_bytes_value("a");
  CHECK(text_of(value) == "YQ==");
}

TEST_CASE("arrays and lists are compact JSON with sorted keys") {
  AnyValue value;
  auto& list = *value.mutable_kvlist_value();
  set_string(*list.add_values(), "b", "<x>\n");
  set_int(*list.add_values(), "a", 1);
  auto& array = *list.add_values();
  array.set_key("c");
  array.mutable_value()->mutable_array_value()->add_values()->set_double_value(2.5);
  array.mutable_value()->mutable_array_value()->add_values();
  array.mutable_value()->mutable_array_value()->add_values()->set_bytes_value("a");
  set_int(*list.add_values(), "a", 2);
  CHECK(text_of(value) == R"({"a":2,"b":"<x>\n","c":[2.5,null,"YQ=="]})");
  AnyValue empty;
  empty.mutable_array_value();
  CHECK(text_of(empty) == "[]");
  empty.mutable_kvlist_value();
  CHECK(text_of(empty) == "{}");
}

TEST_CASE("a list that JSON cannot say has no text") {
  AnyValue value;
  value.mutable_array_value()->add_values()->set_double_value(std::nan(""));
  CHECK(text_of(value).empty());
}

TEST_CASE("the first attribute of a key is found, in spans, resources and scopes") {
  TracesRequest request;
  auto& scope = add_service(request, "shop");
  auto& resource = *request.mutable_resource_spans(0)->mutable_resource();
  set_string(*resource.add_attributes(), "service.name", "second");
  set_string(*scope.mutable_scope()->add_attributes(), "k", "scope");
  scope.mutable_scope()->set_name("lib");
  auto& span = add_span(scope, 'a', 'b', "x");
  set_string(*span.add_attributes(), "k", "1");
  set_string(*span.add_attributes(), "k", "2");
  const Batch batch = batch_of(request);
  CHECK(otlp::find_span_attribute(batch, batch.spans[0], "k")->bytes == "1");
  CHECK_FALSE(otlp::find_span_attribute(batch, batch.spans[0], "no"));
  CHECK(otlp::find_scope_attribute(batch, 0, "k")->bytes == "scope");
  CHECK(otlp::scope_name(batch, 0) == "lib");
  CHECK(*otlp::service_name(batch, 0) == "shop");
}

TEST_CASE("a resource in two pieces is one resource; service.name of another type is empty, absent is absent") {
  TracesRequest request;
  set_int(*request.add_resource_spans()->mutable_resource()->add_attributes(), "service.name", 5);
  request.add_resource_spans();
  const Batch batch = batch_of(request);
  CHECK(*otlp::service_name(batch, 0) == "");
  CHECK_FALSE(otlp::service_name(batch, 1).has_value());
  using namespace std::string_view_literals;
  TracesRequest pieces;
  auto& resource = *pieces.add_resource_spans();
  set_string(*resource.mutable_resource()->add_attributes(), "a", "1");
  const std::string first = resource.SerializeAsString();
  resource.mutable_resource()->mutable_attributes(0)->set_key("service.name");
  otlp::MessageWriter writer;
  writer.bytes(1, first + resource.SerializeAsString());
  const Batch merged = batch_of(Signal::kTraces, writer.take());
  CHECK(*otlp::service_name(merged, 0) == "1");
  CHECK(otlp::find_resource_attribute(merged, 0, "a")->bytes == "1");
}

TEST_CASE("iteration stops where the function says so") {
  TracesRequest request;
  auto& span = add_span(add_service(request, "s"), 'a', 'b', "x");
  for (int i = 0; i < 5; ++i) set_int(*span.add_attributes(), "k", i);
  const Batch batch = batch_of(request);
  int seen = 0;
  CHECK_FALSE(otlp::for_each_span_attribute(batch, batch.spans[0], [&](const otlp::Attribute&) { return ++seen < 2; }));
  CHECK(seen == 2);
}

}  // namespace
}  // namespace weir::test
