// SPDX-License-Identifier: Apache-2.0
// Any text as OTLP/JSON of any signal (the first byte chooses): no fault; what is accepted is well-formed protobuf,
// whose JSON is accepted again and says the same.
#include <cstdlib>
#include <string>
#include <utility>

#include "otlp/json_in.h"
#include "otlp/json_out.h"
#include "otlp/walker.h"

namespace weir::otlp {
namespace {

void must(bool holds) {
  if (!holds) std::abort();
}

// The JSON of what the bytes say; only refusals for ids of wrong length are allowed.
std::string json_of(Signal signal, std::string_view bytes) {
  Part part;
  part.bytes = BufferRef::copy_of(bytes);
  Batch batch;
  const WalkResult result = walk(signal, std::move(part), batch);
  must(result.ok || result.rejected > 0);
  std::string json;
  append_json(batch, json);
  return json;
}

}  // namespace
}  // namespace weir::otlp

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace weir;
  using namespace weir::otlp;
  if (size == 0) return 0;
  const auto signal = static_cast<Signal>(data[0] % 3);
  std::string error;
  const auto bytes = json_to_protobuf(signal, {reinterpret_cast<const char*>(data + 1), size - 1}, &error);
  must(bytes.has_value() || !error.empty());
  if (!bytes) return 0;
  const std::string json = json_of(signal, *bytes);
  const auto again = json_to_protobuf(signal, json, &error);
  must(again.has_value());
  if (json != "{}") must(json_of(signal, *again) == json);
  return 0;
}
