// SPDX-License-Identifier: Apache-2.0
#include "span_fixture.h"

#include <algorithm>
#include <bit>
#include <vector>

#include "otlp/attributes.h"
#include "otlp/encoder.h"

namespace weir::test {

namespace {

pb::common::v1::AnyValue& put(pb::trace::v1::Span& span, const std::string& key) {
  auto* attribute = span.add_attributes();
  attribute->set_key(key);
  return *attribute->mutable_value();
}

std::string id_of(int first, int step, int count) {
  std::string id;
  for (int i = 0; i < count; ++i) id += static_cast<char>(first + i * step);
  return id;
}

void fill_attributes(pb::trace::v1::Span& span) {
  put(span, "http.method").set_string_value("GET");
  put(span, "http.url").set_string_value("https://u:p@shop.example:8443/a/b.html?q=1&r=2#frag");
  put(span, "http.status_code").set_int_value(503);
  put(span, "ratio").set_double_value(0.25);
  put(span, "flag").set_bool_value(true);
  put(span, "text").set_string_value("Hello, Wörld");
  put(span, "num").set_string_value("42");
  put(span, "empty").set_string_value("");
  put(span, "raw").set_bytes_value("\x01\x02\xff");
  auto* list = put(span, "list").mutable_array_value();
  list->add_values()->set_string_value("b");
  list->add_values()->set_string_value("a");
  list->add_values()->set_int_value(3);
  auto* map = put(span, "map").mutable_kvlist_value();
  set_string(*map->add_values(), "k", "v");
  set_int(*map->add_values(), "n", 7);
  auto* deep = map->add_values();
  deep->set_key("deep");
  set_string(*deep->mutable_value()->mutable_kvlist_value()->add_values(), "x", "y");
  put(span, "nothing");
  put(span, "neg").set_int_value(-5);
}

}  // namespace

TracesRequest sample_request() {
  TracesRequest request;
  auto* resource = request.add_resource_spans();
  set_string(*resource->mutable_resource()->add_attributes(), "service.name", "shop");
  set_int(*resource->mutable_resource()->add_attributes(), "host.cpus", 4);
  resource->set_schema_url("https://example.org/r");
  auto* scope = resource->add_scope_spans();
  scope->mutable_scope()->set_name("lib");
  scope->mutable_scope()->set_version("1.2");
  set_string(*scope->mutable_scope()->add_attributes(), "scope.key", "sv");
  auto* span = scope->add_spans();
  span->set_trace_id(id_of(0, 1, 16));
  span->set_span_id(id_of(1, 1, 8));
  span->set_parent_span_id(id_of(8, -1, 8));
  span->set_trace_state("a=1,b=2");
  span->set_name("GET /items/42?x=1");
  span->set_kind(pb::trace::v1::Span::SPAN_KIND_SERVER);
  span->set_start_time_unix_nano(1700000000123456789);
  span->set_end_time_unix_nano(1700000001500000000);
  span->mutable_status()->set_code(pb::trace::v1::Status::STATUS_CODE_ERROR);
  span->mutable_status()->set_message("boom");
  fill_attributes(*span);
  span->add_events()->set_name("exception");
  return request;
}

namespace {

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (char c : text) {
    const bool plain = static_cast<unsigned char>(c) >= 0x20 && c != '"' && c != '\\' && c != 0x7f;
    out += plain ? std::string(1, c) : "\\x" + to_hex(std::string(1, c));
  }
  return out + "\"";
}

std::string rendered(const pb::common::v1::AnyValue& value) {
  switch (value.value_case()) {
    case pb::common::v1::AnyValue::kStringValue:
      return quoted(value.string_value());
    case pb::common::v1::AnyValue::kBoolValue:
      return value.bool_value() ? "true" : "false";
    case pb::common::v1::AnyValue::kIntValue:
      return std::to_string(value.int_value());
    case pb::common::v1::AnyValue::kDoubleValue: {
      const auto bits = __builtin_bswap64(std::bit_cast<uint64_t>(value.double_value()));
      return "double:" + to_hex({reinterpret_cast<const char*>(&bits), 8});
    }
    case pb::common::v1::AnyValue::kBytesValue:
      return "0x" + to_hex(value.bytes_value());
    case pb::common::v1::AnyValue::kArrayValue: {
      std::string out;
      for (const auto& element : value.array_value().values()) out += (out.empty() ? "" : ", ") + rendered(element);
      return "[" + out + "]";
    }
    case pb::common::v1::AnyValue::kKvlistValue: {
      std::vector<std::string> parts;
      for (const auto& entry : value.kvlist_value().values()) {
        parts.push_back(quoted(entry.key()) + ": " + rendered(entry.value()));
      }
      std::sort(parts.begin(), parts.end());
      std::string out;
      for (const std::string& part : parts) out += (out.empty() ? "" : ", ") + part;
      return "{" + out + "}";
    }
    default:
      return "nil";
  }
}

using Fields = std::map<std::string, std::string>;

template <class List>
void add_attributes(const std::string& path, const List& attributes, Fields& out) {
  for (const auto& attribute : attributes)
    out[path + "[" + quoted(attribute.key()) + "]"] = rendered(attribute.value());
}

std::string padded_hex(const std::string& id, size_t size) { return to_hex(id.empty() ? std::string(size, '\0') : id); }

void add_span(const pb::trace::v1::Span& span, Fields& out) {
  add_attributes("attributes", span.attributes(), out);
  out["trace_id"] = padded_hex(span.trace_id(), 16);
  out["span_id"] = padded_hex(span.span_id(), 8);
  out["parent_span_id"] = padded_hex(span.parent_span_id(), 8);
  out["trace_state"] = quoted(span.trace_state());
  out["name"] = quoted(span.name());
  out["kind"] = std::to_string(span.kind());
  out["start"] = std::to_string(span.start_time_unix_nano());
  out["end"] = std::to_string(span.end_time_unix_nano());
  out["status.code"] = std::to_string(span.status().code());
  out["status.message"] = quoted(span.status().message());
  out["flags"] = std::to_string(span.flags());
  out["dropped_attributes_count"] = std::to_string(span.dropped_attributes_count());
  out["dropped_events_count"] = std::to_string(span.dropped_events_count());
  out["dropped_links_count"] = std::to_string(span.dropped_links_count());
}

}  // namespace

Fields fields_of(const Batch& batch) {
  TracesRequest request;
  REQUIRE(request.ParseFromString(otlp::encode_to_string(batch)));
  const auto& resource = request.resource_spans(0);
  const auto& scope = resource.scope_spans(0);
  Fields out;
  add_attributes("resource.attributes", resource.resource().attributes(), out);
  add_attributes("scope.attributes", scope.scope().attributes(), out);
  out["resource.schema_url"] = quoted(resource.schema_url());
  out["resource.dropped_attributes_count"] = std::to_string(resource.resource().dropped_attributes_count());
  out["scope.name"] = quoted(scope.scope().name());
  out["scope.version"] = quoted(scope.scope().version());
  out["scope.schema_url"] = quoted(scope.schema_url());
  add_span(scope.spans(0), out);
  return out;
}

std::string difference(const Fields& before, const Fields& after) {
  std::vector<std::string> parts;
  for (const auto& [path, value] : after) {
    const auto old = before.find(path);
    if (old == before.end() || old->second != value) parts.push_back(path + " = " + value);
  }
  for (const auto& [path, value] : before) {
    if (!after.contains(path)) parts.push_back(path + " gone");
  }
  std::sort(parts.begin(), parts.end());
  std::string out;
  for (const std::string& part : parts) out += (out.empty() ? "" : "; ") + part;
  return out.empty() ? "unchanged" : out;
}

Ran run_group(const ottl::GroupText& text, Batch batch) {
  auto program = std::make_shared<ottl::Program>();
  std::vector<ottl::GroupMistake> mistakes;
  auto group = compile_group(program->unit, batch.signal, text, mistakes);
  INFO((mistakes.empty() ? "" : mistakes[0].mistake.to_string()));
  REQUIRE(group);
  program->groups.push_back(std::move(*group));
  ottl::Runner runner(program, nullptr, "transform");
  Ran ran;
  ran.ok = runner.run(batch, std::chrono::seconds(1'700'000'000), nullptr);
  ran.error = runner.error();
  ran.batch = std::move(batch);
  return ran;
}

std::string outcome_of(const std::string& statement) {
  ottl::Unit unit;
  std::vector<ottl::GroupMistake> mistakes;
  const auto text = span_group({statement});
  if (!compile_group(unit, Signal::kTraces, text, mistakes)) return "refused";
  const Batch before = batch_of(sample_request());
  const Ran ran = run_group(text, before);
  return ran.ok ? difference(fields_of(before), fields_of(ran.batch)) : "fails";
}

}  // namespace weir::test
