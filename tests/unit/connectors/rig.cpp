// SPDX-License-Identifier: Apache-2.0
#include "rig.h"

#include "otlp/attributes.h"
#include "otlp/batch_ops.h"
#include "otlp/walker.h"
#include "otlp/writer.h"
#include "support/catch.h"

namespace weir::test {
namespace {

std::string id_bytes(uint64_t number, size_t size) {
  std::string bytes(size, '\0');
  for (size_t i = 0; i < 8; ++i) bytes[size - 1 - i] = static_cast<char>(number >> (8 * i));
  return bytes;
}

uint64_t number_of(std::string_view bytes) {
  uint64_t number = 0;
  for (char c : bytes) number = number << 8 | static_cast<unsigned char>(c);
  return number;
}

void write_tag(otlp::MessageWriter& out, uint32_t field, const Tag& tag) {
  tag.is_int ? out.int_attribute(field, tag.key, std::stoll(tag.text)) : out.string_attribute(field, tag.key, tag.text);
}

void write_span(otlp::MessageWriter& out, const TestSpan& span) {
  namespace f = otlp::field::span;
  constexpr uint64_t kStart = 1'700'000'000'000'000'000;
  out.begin(otlp::field::scope_group::kItems);
  if (span.trace != 0) out.bytes(f::kTraceId, id_bytes(span.trace, 16));
  if (span.id != 0) out.bytes(f::kSpanId, id_bytes(span.id, 8));
  if (!span.trace_state.empty()) out.bytes(f::kTraceState, span.trace_state);
  if (span.parent != 0) out.bytes(f::kParentSpanId, id_bytes(span.parent, 8));
  out.bytes(f::kName, span.name);
  out.varint(f::kKind, static_cast<uint64_t>(span.kind));
  out.fixed64(f::kStartTime, kStart);
  out.fixed64(f::kEndTime, kStart + static_cast<uint64_t>(span.duration_ns));
  for (const Tag& tag : span.tags) write_tag(out, f::kAttributes, tag);
  for (const TestEvent& event : span.events) {
    out.begin(f::kEvents);
    out.bytes(otlp::field::event::kName, "event");
    for (const Tag& tag : event.tags) write_tag(out, otlp::field::event::kAttributes, tag);
    out.end();
  }
  out.begin(f::kStatus);
  out.varint(otlp::field::status::kCode, static_cast<uint64_t>(span.status));
  out.end();
  out.end();
}

template <class T>
const T& one_of(Random& random, const std::vector<T>& from) {
  return from[random() % from.size()];
}

std::string label(const otlp::Attribute& attribute) {
  std::string text = std::string(attribute.key) + "=" + otlp::to_text(attribute.value);
  return attribute.value.type == otlp::AnyValue::Type::kInt ? text + "i" : text;
}

}  // namespace

std::string request_bytes(const std::vector<TestGroup>& groups) {
  otlp::MessageWriter out;
  for (const TestGroup& group : groups) {
    out.begin(otlp::field::request::kResources);
    out.begin(otlp::field::resource_group::kResource);
    for (const Tag& tag : group.resource) write_tag(out, otlp::field::resource::kAttributes, tag);
    out.end();
    out.begin(otlp::field::resource_group::kScopes);
    out.begin(otlp::field::scope_group::kScope);
    out.bytes(otlp::field::scope::kName, group.scope);
    out.bytes(otlp::field::scope::kVersion, "1.0");
    out.end();
    for (const TestSpan& span : group.spans) write_span(out, span);
    out.end();
    out.end();
  }
  return out.take();
}

std::vector<TestGroup> random_spans(Random& random) {
  std::vector<TestGroup> groups;
  for (uint64_t g = 0; g < 1 + random() % 3; ++g) {
    TestGroup group;
    if (random() % 8 != 0) group.resource = service(one_of<std::string>(random, {"a", "b", "c", ""}));
    if (random() % 2 == 0) group.resource.push_back({"d1", one_of<std::string>(random, {"res", "x"})});
    for (uint64_t s = 0; s < random() % 6; ++s) {
      TestSpan span;
      span.name = one_of<std::string>(random, {"op", "get", ""});
      span.kind = static_cast<SpanKind>(random() % 6);
      span.status = static_cast<StatusCode>(random() % 3);
      span.trace = 1 + random() % 40;
      span.id = 1 + random() % 3;
      span.parent = random() % 4;
      span.duration_ns = static_cast<int64_t>(random() % 3'000'000'000) - 1'000'000;
      if (random() % 2 == 0) span.tags.push_back({"d1", std::to_string(random() % 3), random() % 2 == 0});
      if (random() % 3 == 0) span.tags.push_back({"d2", "y"});
      if (random() % 9 == 0) span.tags.push_back({"db.name", one_of<std::string>(random, {"orders", ""})});
      if (random() % 6 == 0) span.tags.push_back({"peer.service", one_of<std::string>(random, {"ext", ""})});
      group.spans.push_back(std::move(span));
    }
    groups.push_back(std::move(group));
  }
  return groups;
}

const SentPoint& MetricsSink::at(const std::string& series) const {
  std::string all;
  for (const auto& [key, point] : points) all += key + "\n";
  INFO(series << " is not among\n" << all);
  REQUIRE(points.contains(series));
  return points.at(series);
}

void MetricsSink::consume(Batch&& batch) {
  ++requests;
  bytes = std::string(batch.parts[0].bytes->view());
  for (const ItemRecord& item : batch.items) {
    otlp::MetricView metric;
    if (!otlp::read_metric(batch.view(item.part, item.body), metric)) FAIL("a metric does not parse");
    std::string head;
    otlp::for_each_resource_attribute(batch, batch.scopes[item.scope].resource,
                                      [&](const otlp::Attribute& a) { head += "[" + label(a) + "]"; });
    head += std::string(metric.name) + "{";
    otlp::for_each_point(metric, [&](std::string_view message) {
      otlp::MetricPoint point;
      if (!otlp::read_point(metric.type, message, point)) FAIL("a point does not parse");
      std::string key = head;
      otlp::for_each_point_attribute(metric.type, message, [&](const otlp::Attribute& a) {
        if (a.key != "collector.instance.id") key += (key.back() == '{' ? "" : ",") + label(a);
      });
      SentPoint& sent = points[key + "}"];
      sent.values.push_back(metric.type == otlp::MetricType::kSum ? point.value : static_cast<double>(point.count));
      sent.times.push_back(point.time_ns);
      sent.starts.push_back(point.start_ns);
      sent.sum = point.sum;
      sent.buckets = metric.type == otlp::MetricType::kHistogram ? point.bucket_counts : point.positive.counts;
      sent.bounds = point.bounds;
      sent.scale = point.scale;
      sent.offset = point.positive.offset;
      sent.zeros = point.zero_count;
      sent.delta = metric.temporality == otlp::MetricTemporality::kDelta;
      sent.unit = metric.unit;
      for (const otlp::PointExemplar& e : point.exemplars) {
        sent.exemplars.push_back({e.value, number_of(e.trace_id), number_of(e.span_id)});
      }
    });
  }
}

Rig::Rig(const SpanMetricsConfig& config, uint32_t count, uint64_t bytes)
    : shards(count, 7), budget(bytes), interval(config.metrics_flush_interval) {
  env = {"connector", "", Signal::kMetrics, &shards, &clock, &budget, &ledger, &telemetry, &log, 42};
  start(make_span_metrics(config, env));
}

Rig::Rig(const ServiceGraphConfig& config, uint32_t count, uint64_t bytes)
    : shards(count, 7), budget(bytes), interval(config.metrics_flush_interval) {
  env = {"connector", "", Signal::kMetrics, &shards, &clock, &budget, &ledger, &telemetry, &log, 42};
  start(make_service_graph(config, env));
}

void Rig::start(std::unique_ptr<MetricsConnector> made) {
  connector = std::move(made);
  const uint32_t stages = connector->placement() == Placement::kHomeShard ? 1 : shards.size();
  for (uint32_t i = 0; i < stages; ++i) observers_.push_back(connector->make_observer({&shards.at(i), {}}));
  connector->set_output(shards.at(0), sink);
  tick();
}

void Rig::feed(const std::vector<TestGroup>& groups) {
  Part part;
  part.bytes = BufferRef::copy_of(request_bytes(groups));
  part.sequence = ++sequence_;
  Batch batch;
  REQUIRE(otlp::walk(Signal::kTraces, std::move(part), batch).ok);
  const auto count = static_cast<uint32_t>(observers_.size());
  if (connector->placement() == Placement::kWholeTraces) {
    const std::vector<Batch> split = otlp::partition_by_trace(std::move(batch), count);
    for (uint32_t i = 0; i < count; ++i) observers_[i]->observe(split[i]);
  } else {
    observers_[sequence_ % count]->observe(batch);
  }
  shards.run_until_idle();
}

void Rig::tick() {
  const Time now = clock.now();
  for (auto& observer : observers_) observer->on_tick(now);
  connector->home_tick(now);
  shards.run_until_idle();
}

void Rig::advance(Duration by) {
  clock.advance(by);
  tick();
}

void Rig::flush_twice() {
  advance(interval);
  advance(interval);
}

void Rig::finish() {
  bool done = false;
  connector->final_flush(clock.now(), [&] { done = true; });
  shards.run_until_idle();
  REQUIRE(done);
}

}  // namespace weir::test
