// SPDX-License-Identifier: Apache-2.0
// ns a span of OTTL on the spans that bench/ sends (512 a request), one core: SuperSONIC's transform, Graphistry's
// filter, statements that touch nothing.
#include <ctime>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "otlp/walker.h"
#include "otlp/writer.h"
#include "ottl/run.h"
#include "ottl/span_conditions.h"

namespace weir {
namespace {

constexpr int kSpans = 512;

std::string random_bytes(std::mt19937_64& random, size_t size) {
  std::string bytes(size, '\0');
  for (char& c : bytes) c = static_cast<char>(random());
  return bytes;
}

// A span of about 360 bytes with ten attributes, two of them numbers.
void write_span(otlp::MessageWriter& out, std::mt19937_64& random, int i) {
  namespace field = otlp::field::span;
  out.begin(otlp::field::scope_group::kItems);
  out.bytes(field::kTraceId, random_bytes(random, 16));
  out.bytes(field::kSpanId, random_bytes(random, 8));
  out.bytes(field::kParentSpanId, random_bytes(random, 8));
  out.bytes(field::kName, i % 2 == 0 ? "ingress" : "router triton egress");
  out.varint(field::kKind, 1);
  out.fixed64(field::kStartTime, 1700000000000000000 + static_cast<uint64_t>(i));
  out.fixed64(field::kEndTime, 1700000000005000000 + static_cast<uint64_t>(i));
  out.string_attribute(field::kAttributes, "http.method", "GET");
  out.string_attribute(field::kAttributes, "http.target", "/api/v1/products/17");
  out.string_attribute(field::kAttributes, "http.route", "/api/v1/products/{id}");
  out.string_attribute(field::kAttributes, "net.host.name", "catalogue");
  out.string_attribute(field::kAttributes, "http.flavor", "1.1");
  out.int_attribute(field::kAttributes, "http.status_code", 200);
  out.int_attribute(field::kAttributes, "net.host.port", 8080);
  out.string_attribute(field::kAttributes, "http.user_agent", "okhttp/4.12");
  out.string_attribute(field::kAttributes, "component", "proxy");
  out.string_attribute(field::kAttributes, "upstream_cluster", "triton");
  out.begin(field::kStatus);
  out.end();
  out.end();
}

Batch request() {
  std::mt19937_64 random(7);
  otlp::MessageWriter out;
  out.begin(otlp::field::request::kResources);
  out.begin(otlp::field::resource_group::kResource);
  out.string_attribute(otlp::field::resource::kAttributes, "service.name", "triton-inference-server");
  out.string_attribute(otlp::field::resource::kAttributes, "pod_name", "triton-7f9c");
  out.end();
  out.begin(otlp::field::resource_group::kScopes);
  for (int i = 0; i < kSpans; ++i) write_span(out, random, i);
  out.end();
  out.end();
  Batch batch;
  otlp::walk(Signal::kTraces, Part{BufferRef::copy_of(out.take())}, batch);
  return batch;
}

void add(ottl::Program& program, ottl::GroupText text) {
  std::vector<ottl::GroupMistake> mistakes;
  auto group = compile_group(program.unit, Signal::kTraces, text, mistakes);
  for (const ottl::GroupMistake& one : mistakes) std::printf("%s\n", one.mistake.to_string().c_str());
  if (group) program.groups.push_back(std::move(*group));
}

// Of this thread alone: others on the machine count less.
double cpu_ns() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) * 1e9 + static_cast<double>(time.tv_nsec);
}

template <class F>
void measure(const char* what, F&& f) {
  constexpr int kRounds = 400;
  for (int i = 0; i < 50; ++i) f();
  double best = 1e9;
  for (int pass = 0; pass < 5; ++pass) {
    double sum = 0;
    for (int i = 0; i < kRounds; ++i) sum += f();
    best = std::min(best, sum / kRounds / kSpans);
  }
  std::printf("%-34s %7.1f ns a span\n", what, best);
}

// The copy of the batch is not counted.
void measure_program(const char* what, const std::shared_ptr<ottl::Program>& program) {
  const Batch source = request();
  ottl::Runner runner(program, nullptr, "bench");
  measure(what, [&] {
    Batch batch = source;
    const double start = cpu_ns();
    runner.run(batch, Duration(1), nullptr);
    return cpu_ns() - start;
  });
}

std::shared_ptr<ottl::Program> supersonic() {
  auto program = std::make_shared<ottl::Program>();
  using ottl::Context, ottl::ErrorMode;
  add(*program,
      {Context::kResource,
       ErrorMode::kIgnore,
       {"attributes[\"pod_name\"] != nil"},
       {"replace_match(attributes[\"service.name\"], \"triton-inference-server\", attributes[\"pod_name\"])"}});
  add(*program,
      {Context::kSpan, ErrorMode::kIgnore, {"name == \"ingress\""}, {"set(kind, 3)", "set(kind.string, \"Client\")"}});
  add(*program,
      {Context::kSpan, ErrorMode::kIgnore, {"name != \"ingress\""}, {"set(kind, 2)", "set(kind.string, \"Server\")"}});
  return program;
}

std::vector<std::string> graphistry() {
  const std::string ok = " and attributes[\"http.status_code\"] == 200";
  std::vector<std::string> conditions;
  for (const char* path : {"/list\\\\?skipContextTest=.*", "/check-workers.*", "/read.*"}) {
    for (const char* key : {"http.route", "http.target"}) {
      conditions.push_back(std::string("IsMatch(attributes[\"") + key + "\"], \"" + path + "\")" + ok);
    }
  }
  conditions.emplace_back(
      "IsMatch(attributes[\"http.route\"],\"/health.*\") or IsMatch(attributes[\"http.target\"],\"/health.*\")");
  conditions.push_back("name == \"readHandler\"" + ok);
  return conditions;
}

void run() {
  measure_program("SuperSONIC's transform", supersonic());
  auto nothing = std::make_shared<ottl::Program>();
  add(*nothing, {ottl::Context::kSpan, ottl::ErrorMode::kIgnore, {}, {"set(kind, 3) where name == \"none\""}});
  measure_program("a statement that touches nothing", nothing);
  auto attribute = std::make_shared<ottl::Program>();
  add(*attribute, {ottl::Context::kSpan, ottl::ErrorMode::kIgnore, {}, {"set(attributes[\"cluster\"], \"dev-1\")"}});
  measure_program("one attribute added", attribute);
  const Batch batch = request();
  ottl::SpanEvaluator filter(compile_span_conditions(graphistry(), {}, ottl::ErrorMode::kIgnore), nullptr, "bench");
  measure("Graphistry's filter", [&] {
    const double start = cpu_ns();
    filter.start(batch, Duration(1));
    for (const SpanRecord& span : batch.spans) {
      if (filter.holds(span) != ottl::Verdict::kNo) std::abort();
    }
    return cpu_ns() - start;
  });
}

}  // namespace
}  // namespace weir

int main() { weir::run(); }
