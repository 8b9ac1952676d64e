// SPDX-License-Identifier: Apache-2.0
// A text as a statement, a condition and a value in each context; what compiles runs on a span. It must end, quickly,
// without a fault, and the same text must give the same bytes twice.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

#include "otlp/encoder.h"
#include "otlp/walker.h"
#include "otlp/writer.h"
#include "ottl/parser.h"
#include "ottl/run.h"

namespace weir {
namespace {

std::string sample() {
  namespace field = otlp::field;
  otlp::MessageWriter out;
  out.begin(field::request::kResources);
  out.begin(field::resource_group::kResource);
  out.string_attribute(field::resource::kAttributes, "service.name", "shop");
  out.end();
  out.begin(field::resource_group::kScopes);
  out.begin(field::scope_group::kItems);
  out.bytes(field::span::kTraceId, std::string(16, '\1'));
  out.bytes(field::span::kSpanId, std::string(8, '\2'));
  out.bytes(field::span::kName, "GET /items/42");
  out.string_attribute(field::span::kAttributes, "a", "{\"k\":[1,2]}");
  out.int_attribute(field::span::kAttributes, "n", 7);
  out.begin(field::span::kEvents);
  out.bytes(field::event::kName, "e");
  out.end();
  out.end();
  out.end();
  out.end();
  return out.take();
}

std::string result_of(const ottl::GroupText& text) {
  auto program = std::make_shared<ottl::Program>();
  std::vector<ottl::GroupMistake> mistakes;
  auto group = compile_group(program->unit, Signal::kTraces, text, mistakes);
  if (!group) return mistakes.at(0).mistake.to_string();
  program->groups.push_back(std::move(*group));
  static const std::string bytes = sample();
  Batch batch;
  otlp::walk(Signal::kTraces, Part{BufferRef::copy_of(bytes)}, batch);
  ottl::Runner runner(program, nullptr, "fuzz");
  if (!runner.run(batch, std::chrono::seconds(1), nullptr)) return runner.error();
  return otlp::encode_to_string(batch);
}

void run(const std::string& text) {
  ottl::Mistake mistake;
  ottl::parse_value(text, mistake);
  for (auto context :
       {ottl::Context::kResource, ottl::Context::kScope, ottl::Context::kSpan, ottl::Context::kSpanEvent}) {
    const ottl::GroupText statement{context, ottl::ErrorMode::kPropagate, {}, {text}};
    if (result_of(statement) != result_of(statement)) std::abort();
    result_of({context, ottl::ErrorMode::kIgnore, {text}, {"set(attributes[\"x\"], 1)"}});
  }
  result_of({std::nullopt, ottl::ErrorMode::kIgnore, {}, {text}});
}

}  // namespace
}  // namespace weir

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 4096) weir::run({reinterpret_cast<const char*>(data), size});
  return 0;
}
