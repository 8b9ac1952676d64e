// SPDX-License-Identifier: Apache-2.0
// Walker and encoder against the generated classes, on random messages in every form that the wire format allows.
#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/dynamic_message.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <google/protobuf/unknown_field_set.h>
#include <google/protobuf/util/message_differencer.h>

#include <functional>

#include "otlp/attributes.h"
#include "otlp/batch_ops.h"
#include "otlp/encoder.h"
#include "support/catch.h"
#include "support/otlp_builder.h"

namespace weir::test {
namespace {

using google::protobuf::Message;
using google::protobuf::util::MessageDifferencer;

// Parses as the generated class would, but takes strings as bytes (UTF-8 is not our business) and any depth.
class LenientParser {
 public:
  explicit LenientParser(const google::protobuf::Descriptor& type) {
    add(*type.file());
    prototype_.reset(factory_.GetPrototype(pool_.FindMessageTypeByName(type.full_name()))->New());
  }
  bool parse(std::string_view bytes) {
    google::protobuf::io::ArrayInputStream in(bytes.data(), static_cast<int>(bytes.size()));
    google::protobuf::io::CodedInputStream coded(&in);
    coded.SetRecursionLimit(100000);
    prototype_->Clear();
    return prototype_->MergeFromCodedStream(&coded) && coded.ConsumedEntireMessage();
  }
  const Message& message() const { return *prototype_; }

 private:
  void add(const google::protobuf::FileDescriptor& file) {
    if (pool_.FindFileByName(file.name()) != nullptr) return;
    for (int i = 0; i < file.dependency_count(); ++i) add(*file.dependency(i));
    google::protobuf::FileDescriptorProto copy;
    file.CopyTo(&copy);
    for (auto& message : *copy.mutable_message_type()) strings_to_bytes(message);
    pool_.BuildFile(copy);
  }
  static void strings_to_bytes(google::protobuf::DescriptorProto& message) {
    using google::protobuf::FieldDescriptorProto;
    for (auto& field : *message.mutable_field()) {
      if (field.type() == FieldDescriptorProto::TYPE_STRING) field.set_type(FieldDescriptorProto::TYPE_BYTES);
    }
    for (auto& nested : *message.mutable_nested_type()) strings_to_bytes(nested);
  }
  google::protobuf::DescriptorPool pool_;
  google::protobuf::DynamicMessageFactory factory_;
  std::unique_ptr<Message> prototype_;
};

// Where we are stricter on purpose, as the collector is: groups, wire types other than OTLP's, ids of wrong length.
bool is_stricter_here(const Message& message) {
  const auto& unknown = message.GetReflection()->GetUnknownFields(message);
  for (int i = 0; i < unknown.field_count(); ++i) {
    if (unknown.field(i).type() == google::protobuf::UnknownField::TYPE_GROUP) return true;
    if (message.GetDescriptor()->FindFieldByNumber(unknown.field(i).number()) != nullptr) return true;
  }
  std::vector<const google::protobuf::FieldDescriptor*> fields;
  message.GetReflection()->ListFields(message, &fields);
  for (const auto* field : fields) {
    if (field->cpp_type() != google::protobuf::FieldDescriptor::CPPTYPE_MESSAGE) {
      if (field->name() == "trace_id" || field->name() == "span_id" || field->name() == "parent_span_id") return true;
    } else if (!field->is_repeated()) {
      if (is_stricter_here(message.GetReflection()->GetMessage(message, field))) return true;
    } else {
      for (int i = 0; i < message.GetReflection()->FieldSize(message, field); ++i) {
        if (is_stricter_here(message.GetReflection()->GetRepeatedMessage(message, field, i))) return true;
      }
    }
  }
  return false;
}

template <class Request>
void check_encoding(Signal signal, uint64_t seed) {
  RandomMessage random(seed);
  Request request;
  random.fill(request);
  const std::string bytes = scramble(request, random);
  Request expected;
  REQUIRE(expected.ParseFromString(bytes));
  Batch batch = batch_of(signal, bytes);
  CHECK(otlp::encode_to_string(batch) == bytes);
  batch.whole = false;
  const otlp::Encoded encoded = otlp::encode(batch);
  std::string again;
  append_to(encoded, again);
  CHECK(encoded.size == again.size());
  CHECK(otlp::encoded_size(batch) == again.size());
  Request actual;
  REQUIRE(actual.ParseFromString(again));
  CHECK(MessageDifferencer::Equals(expected, actual));
}

TEST_CASE("what is encoded item by item is the message that came") {
  for (uint64_t seed = 0; seed < 150; ++seed) {
    CAPTURE(seed);
    check_encoding<TracesRequest>(Signal::kTraces, seed);
    check_encoding<MetricsRequest>(Signal::kMetrics, seed);
    check_encoding<LogsRequest>(Signal::kLogs, seed);
  }
}

void check_value(const otlp::AnyValue& value, const pb::common::v1::AnyValue& expected) {
  using Type = otlp::AnyValue::Type;
  switch (expected.value_case()) {
    case pb::common::v1::AnyValue::kStringValue:
      CHECK(value.type == Type::kString);
      CHECK(value.bytes == expected.string_value());
      break;
    case pb::common::v1::AnyValue::kIntValue:
      CHECK(value.type == Type::kInt);
      CHECK(value.integer == expected.int_value());
      break;
    case pb::common::v1::AnyValue::kBoolValue:
      CHECK(value.type == Type::kBool);
      CHECK(value.boolean == expected.bool_value());
      break;
    case pb::common::v1::AnyValue::kDoubleValue:
      CHECK(value.type == Type::kDouble);
      CHECK(value.real == expected.double_value());
      break;
    case pb::common::v1::AnyValue::kBytesValue:
      CHECK(value.type == Type::kBytes);
      CHECK(value.bytes == expected.bytes_value());
      break;
    case pb::common::v1::AnyValue::kArrayValue:
      CHECK(value.type == Type::kArray);
      break;
    case pb::common::v1::AnyValue::kKvlistValue:
      CHECK(value.type == Type::kKvlist);
      break;
    default:
      CHECK(value.type == Type::kEmpty);
  }
}

using Attributes = google::protobuf::RepeatedPtrField<pb::common::v1::KeyValue>;
auto checker(const Attributes& expected, int& at) {
  return [&expected, &at](const otlp::Attribute& attribute) {
    REQUIRE(at < expected.size());
    CHECK(attribute.key == expected[at].key());
    check_value(attribute.value, expected[at].value());
    ++at;
  };
}

void check_span(const Batch& batch, const SpanRecord& span, const pb::trace::v1::Span& expected) {
  CHECK(span.trace_id == TraceId::from_bytes(expected.trace_id()));
  CHECK(span.span_id == SpanId::from_bytes(expected.span_id()));
  CHECK(span.parent_id == SpanId::from_bytes(expected.parent_span_id()));
  CHECK(batch.name(span) == expected.name());
  CHECK(static_cast<int>(span.kind) == expected.kind());
  CHECK(static_cast<int>(span.status) == expected.status().code());
  CHECK(span.start_ns == expected.start_time_unix_nano());
  CHECK(span.end_ns == expected.end_time_unix_nano());
  CHECK(span.has_events == (expected.events_size() > 0));
  CHECK(otlp::trace_state(batch, span) == expected.trace_state());
  CHECK(otlp::status_message(batch, span) == expected.status().message());
  CHECK(otlp::span_flags(batch, span) == expected.flags());
  int at = 0;
  otlp::for_each_span_attribute(batch, span, checker(expected.attributes(), at));
  CHECK(at == expected.attributes_size());
  int event_at = 0;
  otlp::for_each_event(batch, span, [&](const otlp::SpanEvent& event) {
    const auto& wanted = expected.events(event_at++);
    CHECK(event.name == wanted.name());
    CHECK(event.time_ns == wanted.time_unix_nano());
    int attribute_at = 0;
    otlp::for_each_attribute(event.message, otlp::field::event::kAttributes,
                             checker(wanted.attributes(), attribute_at));
    CHECK(attribute_at == wanted.attributes_size());
  });
  CHECK(event_at == expected.events_size());
  int link_at = 0;
  otlp::for_each_link(batch, span, [&](const otlp::SpanLink& link) {
    CHECK(link.trace_id == TraceId::from_bytes(expected.links(link_at++).trace_id()));
  });
  CHECK(link_at == expected.links_size());
}

void check_scope(const Batch& batch, uint32_t index, const pb::trace::v1::ScopeSpans& expected) {
  CHECK(otlp::scope_name(batch, index) == expected.scope().name());
  CHECK(otlp::scope_version(batch, index) == expected.scope().version());
  CHECK(otlp::scope_schema_url(batch, index) == expected.schema_url());
  int at = 0;
  otlp::for_each_scope_attribute(batch, index, checker(expected.scope().attributes(), at));
  CHECK(at == expected.scope().attributes_size());
}

TEST_CASE("the index says what the generated classes say") {
  for (uint64_t seed = 1000; seed < 1200; ++seed) {
    CAPTURE(seed);
    RandomMessage random(seed);
    TracesRequest request;
    random.fill(request);
    const Batch batch = batch_of(Signal::kTraces, scramble(request, random));
    size_t span = 0;
    uint32_t scope = 0;
    for (int r = 0; r < request.resource_spans_size(); ++r) {
      const auto& resource = request.resource_spans(r);
      CHECK(otlp::resource_schema_url(batch, static_cast<uint32_t>(r)) == resource.schema_url());
      int at = 0;
      otlp::for_each_resource_attribute(batch, static_cast<uint32_t>(r), checker(resource.resource().attributes(), at));
      CHECK(at == resource.resource().attributes_size());
      for (const auto& expected_scope : resource.scope_spans()) {
        check_scope(batch, scope, expected_scope);
        for (const auto& expected : expected_scope.spans()) {
          REQUIRE(span < batch.spans.size());
          CHECK(batch.spans[span].scope == scope);
          check_span(batch, batch.spans[span++], expected);
        }
        ++scope;
      }
    }
    CHECK(span == batch.spans.size());
  }
}

template <class Request>
void check_mutations(Signal signal, uint64_t seed, int& accepted, int& refused) {
  static LenientParser parser(*Request::descriptor());
  RandomMessage random(seed);
  Request request;
  random.fill(request);
  std::string bytes = scramble(request, random);
  if (bytes.empty()) return;
  for (uint64_t i = 0; i <= random.below(3); ++i) {
    const size_t at = random.below(bytes.size());
    if (random.chance(60)) {
      bytes[at] = static_cast<char>(random.below(256));
    } else if (random.chance(50)) {
      bytes.erase(at, random.below(3) + 1);
    } else {
      bytes.insert(at, 1, static_cast<char>(random.below(256)));
    }
    if (bytes.empty()) return;
  }
  const bool expected = parser.parse(bytes);
  const Walked walked = walk_bytes(signal, bytes);
  ++(walked.result.ok ? accepted : refused);
  INFO(walked.result.error);
  if (walked.result.ok) CHECK(expected);
  if (expected && !walked.result.ok) CHECK(is_stricter_here(parser.message()));
}

TEST_CASE("mutated requests are refused where the generated classes refuse them") {
  int accepted = 0;
  int refused = 0;
  for (uint64_t seed = 0; seed < 1500; ++seed) {
    CAPTURE(seed);
    check_mutations<TracesRequest>(Signal::kTraces, seed, accepted, refused);
    check_mutations<MetricsRequest>(Signal::kMetrics, seed, accepted, refused);
    check_mutations<LogsRequest>(Signal::kLogs, seed, accepted, refused);
  }
  CHECK(accepted > 500);
  CHECK(refused > 500);
}

TEST_CASE("recorded requests of real senders are read with the right counts") {
  const std::vector<Capture> captures = otlp_captures();
  CHECK(captures.size() >= 40);
  for (const Capture& capture : captures) {
    if (capture.json) continue;  // json_in_test
    CAPTURE(capture.name);
    Batch batch = batch_of(capture.signal, capture.bytes);
    CHECK(batch.item_count() >= capture.items);
    if (capture.signal == Signal::kMetrics) {
      CHECK(batch.items.size() >= capture.items);
    } else {
      CHECK(batch.item_count() == capture.items);
    }
    batch.whole = false;
    CHECK(otlp::encode_to_string(batch).size() == capture.bytes.size());
  }
}

}  // namespace
}  // namespace weir::test
