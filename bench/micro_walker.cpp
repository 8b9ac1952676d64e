// SPDX-License-Identifier: Apache-2.0
// ns a span of the walk, of encoding, of attribute lookups, of JSON: on the spans that bench/ sends (512 a request),
// one core.
#include <chrono>
#include <cstdio>
#include <random>
#include <string>

#include "otlp/attributes.h"
#include "otlp/batch_ops.h"
#include "otlp/encoder.h"
#include "otlp/json_in.h"
#include "otlp/json_out.h"
#include "otlp/walker.h"
#include "otlp/writer.h"

namespace weir {
namespace {

constexpr int kSpans = 512;

std::string random_bytes(std::mt19937_64& random, size_t size) {
  std::string bytes(size, '\0');
  for (char& c : bytes) c = static_cast<char>(random());
  return bytes;
}

// A span of about 360 bytes with ten attributes, two of them numbers.
void write_span(otlp::MessageWriter& writer, std::mt19937_64& random, int i) {
  namespace field = otlp::field::span;
  writer.begin(otlp::field::scope_group::kItems);
  writer.bytes(field::kTraceId, random_bytes(random, 16));
  writer.bytes(field::kSpanId, random_bytes(random, 8));
  writer.bytes(field::kParentSpanId, random_bytes(random, 8));
  writer.bytes(field::kName, "GET /api/v1/products/{id}");
  writer.varint(field::kKind, 2 + i % 2);
  writer.fixed64(field::kStartTime, 1700000000000000000 + i);
  writer.fixed64(field::kEndTime, 1700000000005000000 + i);
  writer.string_attribute(field::kAttributes, "http.request.method", "GET");
  writer.string_attribute(field::kAttributes, "url.path", "/api/v1/products/17");
  writer.string_attribute(field::kAttributes, "server.address", "catalogue");
  writer.string_attribute(field::kAttributes, "network.protocol.version", "1.1");
  writer.int_attribute(field::kAttributes, "http.response.status_code", 200);
  writer.int_attribute(field::kAttributes, "server.port", 8080);
  writer.string_attribute(field::kAttributes, "user_agent.original", "okhttp/4.12");
  writer.begin(field::kStatus);
  writer.end();
  writer.end();
}

std::string request() {
  std::mt19937_64 random(7);
  otlp::MessageWriter writer;
  writer.begin(otlp::field::request::kResources);
  writer.begin(otlp::field::resource_group::kResource);
  writer.string_attribute(otlp::field::resource::kAttributes, "service.name", "shop");
  writer.end();
  writer.begin(otlp::field::resource_group::kScopes);
  for (int i = 0; i < kSpans; ++i) write_span(writer, random, i);
  writer.end();
  writer.end();
  return writer.take();
}

// Best of several runs of about 50 ms, in ns a span.
template <class F>
[[gnu::noinline]] void measure(const char* what, F&& f) {
  using Clock = std::chrono::steady_clock;
  double best = 1e9;
  for (int run = 0; run < 7; ++run) {
    const auto start = Clock::now();
    uint64_t rounds = 0;
    for (; Clock::now() - start < std::chrono::milliseconds(50); ++rounds) f();
    best = std::min(best,
                    std::chrono::duration<double, std::nano>(Clock::now() - start).count() / double(rounds * kSpans));
  }
  std::printf("%-36s %8.1f ns a span\n", what, best);
}

volatile uint64_t sink;

void run() {
  Part part;
  part.bytes = BufferRef::copy_of(request());
  std::printf("%d spans, %.0f bytes a span\n", kSpans, double(part.bytes->size()) / kSpans);
  Batch batch;
  otlp::walk(Signal::kTraces, part, batch);
  measure("walk", [&] {
    Batch walked;
    otlp::walk(Signal::kTraces, part, walked);
    sink = walked.spans.size();
  });
  measure("encode whole", [&] { sink = otlp::encode(batch).size; });
  Batch pieces = batch;
  pieces.whole = false;
  measure("encode, neighbours", [&] { sink = otlp::encode(pieces).size; });
  std::vector<uint32_t> third;
  for (uint32_t i = 0; i < kSpans; i += 3) third.push_back(i);
  const Batch some = otlp::select(batch, third);
  measure("encode, every third (of all spans)", [&] { sink = otlp::encode(some).size; });
  measure("select every third (of all spans)", [&] { sink = otlp::select(batch, third).spans.size(); });
  measure("copy and partition to 4 shards", [&] { sink = otlp::partition_by_trace(Batch(batch), 4).size(); });
  measure("read all attributes", [&] {
    uint64_t seen = 0;
    for (const SpanRecord& span : batch.spans) {
      otlp::for_each_span_attribute(batch, span, [&](const otlp::Attribute& a) { seen += a.value.bytes.size(); });
    }
    sink = seen;
  });
  measure("find the fifth attribute", [&] {
    uint64_t seen = 0;
    for (const SpanRecord& span : batch.spans) {
      seen += static_cast<uint64_t>(otlp::find_span_attribute(batch, span, "http.response.status_code")->integer);
    }
    sink = seen;
  });
  std::string json;
  otlp::append_json(batch, json);
  measure("JSON out", [&] {
    std::string out;
    otlp::append_json(batch, out);
    sink = out.size();
  });
  measure("JSON in", [&] { sink = otlp::json_to_protobuf(Signal::kTraces, json, nullptr)->size(); });
}

}  // namespace
}  // namespace weir

int main() { weir::run(); }
