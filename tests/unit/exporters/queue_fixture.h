// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "exporters/sending_queue.h"
#include "otlp/encoder.h"
#include "otlp/fields.h"
#include "otlp/walker.h"
#include "otlp/writer.h"
#include "support/catch.h"
#include "support/sim.h"

namespace weir::test {

// Keeps every line as "level message key=value …".
struct RecordingLog final : Log {
  void write(LogLevel level, std::string_view, std::string_view message, LogFields fields) override {
    static constexpr const char* kLevels[] = {"debug", "info", "warn", "error"};
    std::string line = std::string(kLevels[static_cast<int>(level)]) + " " + std::string(message);
    for (const auto& [key, value] : fields) line += " " + std::string(key) + "=" + value;
    const std::lock_guard lock(mutex);
    lines.push_back(std::move(line));
  }
  bool has(const std::string& line) const {
    for (const std::string& one : lines) {
      if (one == line) return true;
    }
    return false;
  }
  std::mutex mutex;
  std::vector<std::string> lines;
};

// Numbers by "name{label=value,…}".
struct RecordingTelemetry final : Telemetry {
  struct Number final : Counter, Gauge, Histogram {
    void add(double by) override { value += by; }
    void set(double to) override { value = to; }
    void observe(double) override { ++value; }
    double value = 0;
  };
  static std::string key(const std::string& name, const Labels& labels) {
    std::string text;
    for (const auto& [k, v] : labels) text += (text.empty() ? "" : ",") + k + "=" + v;
    return name + "{" + text + "}";
  }
  Counter& counter(const std::string& name, const std::string&, const Labels& l) override {
    return numbers[key(name, l)];
  }
  Gauge& gauge(const std::string& name, const std::string&, const Labels& l) override { return numbers[key(name, l)]; }
  Histogram& histogram(const std::string& name, const std::string&, const Labels& l,
                       const std::vector<double>&) override {
    return numbers[key(name, l)];
  }
  double at(const std::string& text) const {
    const auto found = numbers.find(text);
    return found == numbers.end() ? -1 : found->second.value;
  }
  std::map<std::string, Number> numbers;
};

// What a sender that waits for delivery is told.
struct RecordingOrigin final : Origin {
  void settle(DestinationId, std::span<const uint32_t>, uint64_t items, const Settled& how) override {
    const std::lock_guard lock(mutex);
    settled.emplace_back(static_cast<uint32_t>(items), how);
  }
  std::mutex mutex;
  std::vector<std::pair<uint32_t, Settled>> settled;
};

// Answers when the test says so; remembers what it was given.
class ScriptedTransport final : public Transport {
 public:
  struct Sent {
    uint64_t items = 0;
    std::string bytes;
    absl::AnyInvocable<void(SendResult)> done;
  };
  struct Record {
    std::deque<Sent> sent;           // every attempt, in order; done is empty once answered
    std::deque<SendResult> at_once;  // answers given inside send()
    void answer(size_t index, SendResult result) {
      auto done = std::move(sent.at(index).done);
      sent.at(index).done = nullptr;
      done(std::move(result));
    }
    std::vector<uint64_t> sizes() const {
      std::vector<uint64_t> out;
      for (const Sent& one : sent) out.push_back(one.items);
      return out;
    }
  };
  explicit ScriptedTransport(std::shared_ptr<Record> record) : record_(std::move(record)) {}
  void send(const Batch& batch, absl::AnyInvocable<void(SendResult)> done) override {
    record_->sent.push_back({batch.item_count(), otlp::encode_to_string(batch), std::move(done)});
    if (record_->at_once.empty()) return;
    SendResult result = std::move(record_->at_once.front());
    record_->at_once.pop_front();
    record_->answer(record_->sent.size() - 1, std::move(result));
  }

 private:
  std::shared_ptr<Record> record_;
};

// A request of `spans` spans of one resource, named prefix0, prefix1, …
inline std::string trace_request(uint32_t spans, const std::string& prefix = "span") {
  namespace field = otlp::field;
  otlp::MessageWriter out;
  out.begin(field::request::kResources);
  out.begin(field::resource_group::kResource);
  out.string_attribute(field::resource::kAttributes, "service.name", "shop");
  out.end();
  out.begin(field::resource_group::kScopes);
  for (uint32_t i = 0; i < spans; ++i) {
    out.begin(field::scope_group::kItems);
    out.bytes(field::span::kTraceId, "0123456789abcdef");
    out.bytes(field::span::kSpanId, "01234567");
    out.bytes(field::span::kName, prefix + std::to_string(i));
    out.varint(field::span::kKind, 2);
    out.fixed64(field::span::kStartTime, 1'700'000'000'000'000'000);
    out.fixed64(field::span::kEndTime, 1'700'000'000'500'000'000);
    out.string_attribute(field::span::kAttributes, "http.route", "/cart");
    out.end();
  }
  out.end();
  out.end();
  return out.take();
}

inline std::string metric_request(uint32_t points) {
  namespace field = otlp::field;
  otlp::MessageWriter out;
  out.begin(field::request::kResources);
  out.begin(field::resource_group::kScopes);
  out.begin(field::scope_group::kItems);
  out.bytes(field::metric::kName, "calls");
  out.begin(field::metric::kSum);
  for (uint32_t i = 0; i < points; ++i) {
    out.begin(field::metric_data::kDataPoints);
    out.fixed64(field::number_point::kTime, 1'700'000'000'000'000'000);
    out.fixed64(field::number_point::kAsInt, i);
    out.string_attribute(field::number_point::kAttributes, "n", std::to_string(i));
    out.end();
  }
  out.varint(field::metric_data::kAggregationTemporality, 2);
  out.varint(field::metric_data::kIsMonotonic, 1);
  for (int open = 0; open < 4; ++open) out.end();
  return out.take();
}

inline Batch walked(Signal signal, const std::string& request, DestinationId destination, OriginRef origin = nullptr) {
  Part part;
  part.bytes = BufferRef::copy_of(request);
  part.origin = std::move(origin);
  part.destination = destination;
  Batch batch;
  const otlp::WalkResult result = otlp::walk(signal, part, batch);
  INFO(result.error);
  REQUIRE(result.ok);
  return batch;
}

// What every exporter under test needs around it, with one destination in the ledger.
struct ExporterWorld {
  ManualClock clock;
  ByteBudget budget{1 << 30};
  Ledger ledger;
  RecordingTelemetry telemetry;
  RecordingLog log;
  DestinationId destination = ledger.add_destination("traces", "otlp");

  ComponentEnv env(Signal signal = Signal::kTraces) {
    ComponentEnv made;
    made.id = "otlp";
    made.signal = signal;
    made.clock = &clock;
    made.budget = &budget;
    made.ledger = &ledger;
    made.telemetry = &telemetry;
    made.log = &log;
    made.seed = 42;
    return made;
  }
  // Admits and makes a batch of spans.
  Batch spans(uint32_t count, OriginRef origin = nullptr, const std::string& prefix = "span") {
    ledger.admit(destination, count);
    return walked(Signal::kTraces, trace_request(count, prefix), destination, std::move(origin));
  }
  uint64_t settled(Outcome outcome) const { return ledger.account(destination).outcomes[static_cast<size_t>(outcome)]; }
  uint64_t dropped(DropReason reason) const { return ledger.account(destination).dropped[static_cast<size_t>(reason)]; }
  // Law 4 at the destination.
  void check_accounts(uint64_t held) const {
    CHECK(ledger.account(destination).admitted.load() == ledger.account(destination).settled() + held);
  }
};

// A sending queue before a scripted transport.
struct QueueWorld : ExporterWorld {
  std::shared_ptr<ScriptedTransport::Record> transport = std::make_shared<ScriptedTransport::Record>();
  QueueSetup setup;
  std::unique_ptr<SendingQueue> queue;

  void build(Signal signal = Signal::kTraces) {
    queue = std::make_unique<SendingQueue>(env(signal), setup, std::make_unique<ScriptedTransport>(transport));
  }
  void tick(Duration by) {
    clock.advance(by);
    queue->on_tick(clock.now());
  }
};

inline SendResult retry(std::string why, Duration after = Duration{0}) {
  return {SendResult::Kind::kRetry, 0, std::move(why), after};
}
inline SendResult permanent(std::string why) { return {SendResult::Kind::kPermanent, 0, std::move(why), Duration{0}}; }
inline SendResult too_large(std::string why) { return {SendResult::Kind::kTooLarge, 0, std::move(why), Duration{0}}; }
inline SendResult accepted(uint64_t rejected = 0, std::string message = "") {
  return {SendResult::Kind::kOk, rejected, std::move(message), Duration{0}};
}

}  // namespace weir::test
