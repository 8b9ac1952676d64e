// SPDX-License-Identifier: Apache-2.0
// Any bytes as a request of any signal (the first byte chooses): no fault, and what is accepted is encoded item by item
// to a request that is accepted again with the same items, however it is split and joined; its JSON is read back.
#include <cstdlib>
#include <string>
#include <utility>

#include "otlp/attributes.h"
#include "otlp/batch_ops.h"
#include "otlp/encoder.h"
#include "otlp/json_in.h"
#include "otlp/json_out.h"
#include "otlp/walker.h"

namespace weir::otlp {
namespace {

void must(bool holds) {
  if (!holds) std::abort();
}

Batch walked(Signal signal, std::string_view bytes, bool must_pass) {
  Part part;
  part.bytes = BufferRef::copy_of(bytes);
  Batch batch;
  const WalkResult result = walk(signal, std::move(part), batch);
  must(result.ok || !must_pass);
  return batch;
}

void read_all(const Batch& batch) {
  size_t seen = 0;
  const auto read = [&seen](const Attribute& attribute) {
    seen += attribute.key.size() + to_text(attribute.value).size();
  };
  for (uint32_t i = 0; i < batch.resources.size(); ++i) for_each_resource_attribute(batch, i, read);
  for (uint32_t i = 0; i < batch.scopes.size(); ++i) for_each_scope_attribute(batch, i, read);
  for (const SpanRecord& span : batch.spans) {
    for_each_span_attribute(batch, span, read);
    for_each_event(batch, span,
                   [&](const SpanEvent& e) { for_each_attribute(e.message, field::event::kAttributes, read); });
  }
}

void split_and_join(Batch batch) {
  const uint64_t items = batch.item_count();
  const std::string whole = encode_to_string(batch);
  Batch joined;
  if (batch.signal == Signal::kTraces) {
    for (Batch& part : partition_by_trace(Batch(batch), 3)) append(joined, std::move(part));
    must(joined.item_count() == items);
  }
  for (joined = {}; !empty(batch) && joined.parts.size() < 64;) append(joined, split_front(batch, 2));
  append(joined, std::move(batch));
  must(joined.item_count() == items);
  if (items > 0) must(walked(joined.signal, encode_to_string(joined), true).item_count() == items);
}

void through_json(const Batch& batch) {
  std::string json;
  append_json(batch, json);
  std::string error;
  const auto bytes = json_to_protobuf(batch.signal, json, &error);
  must(bytes.has_value());
  must(walked(batch.signal, *bytes, true).item_count() == batch.item_count());
}

}  // namespace
}  // namespace weir::otlp

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace weir;
  using namespace weir::otlp;
  if (size == 0) return 0;
  const auto signal = static_cast<Signal>(data[0] % 3);
  Batch batch = walked(signal, {reinterpret_cast<const char*>(data + 1), size - 1}, false);
  if (batch.parts.empty()) return 0;
  batch.whole = false;
  must(encoded_size(batch) == encode_to_string(batch).size());
  must(walked(signal, encode_to_string(batch), true).item_count() == batch.item_count());
  read_all(batch);
  through_json(batch);
  split_and_join(std::move(batch));
  return 0;
}
