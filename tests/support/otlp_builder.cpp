// SPDX-License-Identifier: Apache-2.0
#include "support/otlp_builder.h"

#include "support/catch.h"

namespace weir::test {

Walked walk_bytes(Signal signal, std::string_view bytes) {
  Walked walked;
  Part part;
  part.bytes = BufferRef::copy_of(bytes);
  walked.result = otlp::walk(signal, std::move(part), walked.batch);
  return walked;
}

Batch batch_of(Signal signal, std::string_view bytes) {
  Walked walked = walk_bytes(signal, bytes);
  INFO(walked.result.error);
  REQUIRE(walked.result.ok);
  return std::move(walked.batch);
}

pb::trace::v1::ScopeSpans& add_service(TracesRequest& request, const std::string& name) {
  pb::trace::v1::ResourceSpans& resource = *request.add_resource_spans();
  set_string(*resource.mutable_resource()->add_attributes(), "service.name", name);
  return *resource.add_scope_spans();
}

pb::trace::v1::Span& add_span(pb::trace::v1::ScopeSpans& scope, char trace, char span, const std::string& name) {
  pb::trace::v1::Span& added = *scope.add_spans();
  added.set_trace_id(trace_id(trace));
  added.set_span_id(span_id(span));
  added.set_name(name);
  return added;
}

void set_string(pb::common::v1::KeyValue& attribute, const std::string& key, const std::string& value) {
  attribute.set_key(key);
  attribute.mutable_value()->set_string_value(value);
}

void set_int(pb::common::v1::KeyValue& attribute, const std::string& key, int64_t value) {
  attribute.set_key(key);
  attribute.mutable_value()->set_int_value(value);
}

}  // namespace weir::test
