// SPDX-License-Identifier: Apache-2.0
// The whole pipeline on real event loops: several threads send, others watch the books, then it is drained. Meant for
// ThreadSanitizer; what it checks holds anywhere.
#include <atomic>
#include <future>
#include <map>
#include <stdexcept>
#include <thread>

#include "daemon/assemble.h"
#include "daemon/wiring/edge.h"
#include "net/event_loops.h"
#include "otlp/walker.h"
#include "scenario.h"
#include "support/catch.h"
#include "test_components.h"
#include "world.h"

namespace weir::test {
namespace {

constexpr int kSenders = 3;
constexpr int kRequests = 400;  // of each sender, four spans each

const char* const kConfig = R"(
receivers: {otlp: {protocols: {grpc: }}}
processors:
  tail_sampling:
    decision_wait: 1s
    num_traces: 100000
    policies:
      - {name: errors, type: status_code, status_code: {status_codes: [ERROR]}}
      - {name: share, type: probabilistic, probabilistic: {sampling_percentage: 30}}
  batch: {timeout: 50ms, send_batch_size: 100}
connectors:
  service_graph: {metrics_flush_interval: 100ms, store: {max_items: 100000}}
  span_metrics: {metrics_flush_interval: 100ms}
exporters: {sink/kept: {delay: 30ms}, sink/metrics: }
service:
  pipelines:
    traces/measured: {receivers: [otlp], exporters: [service_graph, span_metrics]}
    traces/kept: {receivers: [otlp], processors: [tail_sampling, batch], exporters: [sink/kept]}
    metrics: {receivers: [service_graph, span_metrics], exporters: [sink/metrics]}
)";

// A trace of two edges; every fifth has an error. The spans of a trace come in two requests, of different senders'
// shards.
std::string request_of(int sender, int number) {
  const std::string trace = std::to_string(1 + sender * kRequests + number / 2);
  const std::string status = number % 5 == 0 ? " status=error" : "";
  std::vector<std::string> spans;
  for (int i = 0; i < 2; ++i) {
    const std::string id = std::to_string(1 + 2 * i + 4 * (number % 2));
    spans.push_back("trace=" + trace + " span=" + id + " service=web name=call kind=client dur=20ms");
    spans.push_back("trace=" + trace + " span=9" + id + " parent=" + id + " service=api name=GET kind=server dur=10ms" +
                    status);
  }
  return encode_request(spans, SystemClock().now().wall);
}

struct Running {
  Running() : loops(3, clock) {
    ComponentEnv env;
    env.shards = &loops;
    env.clock = &clock;
    env.budget = &budget;
    env.ledger = &ledger;
    env.telemetry = &telemetry;
    env.log = &log;
    graph = std::make_unique<Graph>(make_parts(load_test_config(kConfig, list), list, env), env);
    loops.start_ticks(std::chrono::milliseconds(5), [this](uint32_t shard, Time now) { graph->tick(shard, now); });
    for (uint32_t shard = 0; shard < loops.size(); ++shard) {
      loops.at(shard).post([shard] { Edge::set_current_shard(shard); });
    }
    loops.run();
  }
  ~Running() {
    loops.stop();
    loops.join();
  }

  void send(uint32_t shard, const std::string& bytes) {
    auto batch = std::make_shared<Batch>();
    REQUIRE(otlp::walk(Signal::kTraces, Part{BufferRef::copy_of(bytes), nullptr, 0, kNoDestination}, *batch).ok);
    loops.at(shard).post([this, batch] {
      graph->admission("otlp", Signal::kTraces)->admit(std::move(*batch), [this](const Answer&) { ++answers; });
    });
  }

  const Ledger::Account& account_of(const std::string& exporter) const {
    for (DestinationId id = 0; id < ledger.size(); ++id) {
      if (ledger.account(id).exporter == exporter) return ledger.account(id);
    }
    throw std::runtime_error("no destination " + exporter);
  }

  // What does not balance, as text; "" where all does.
  std::string check_books() {
    std::string wrong;
    loops.run_exclusive([&] {
      const std::vector<uint64_t> held = graph->held();
      for (DestinationId id = 0; id < ledger.size(); ++id) {
        const Ledger::Account& account = ledger.account(id);
        if (account.admitted == account.settled() + held[id]) continue;
        wrong += account.pipeline + ": admitted " + std::to_string(account.admitted) + ", settled " +
                 std::to_string(account.settled()) + ", held " + std::to_string(held[id]) + "\n";
      }
    });
    return wrong;
  }

  void drain() {
    for (DrainStep& step : graph->drain_steps()) {
      std::vector<std::future<void>> finished;
      for (auto& [shard, job] : step.jobs) {
        auto done = std::make_shared<std::promise<void>>();
        finished.push_back(done->get_future());
        loops.at(shard).post(
            [done, job = std::move(job), now = clock.now()]() mutable { job(now, [done] { done->set_value(); }); });
      }
      for (auto& each : finished) each.wait();
    }
  }

  SystemClock clock;
  QuietLog log;
  NoTelemetry telemetry;
  ByteBudget budget{1ull << 30};
  Ledger ledger;
  Received received;
  ComponentList list = test_components(received);
  std::atomic<int> answers{0};
  net::EventLoops loops;
  std::unique_ptr<Graph> graph;
};

}  // namespace

TEST_CASE("three senders on three shards: the books balance while it runs and after the drain, no trace is split") {
  Running running;
  std::atomic<bool> sending{true};
  std::vector<std::thread> threads;
  for (int sender = 0; sender < kSenders; ++sender) {
    threads.emplace_back([&running, sender] {
      for (int i = 0; i < kRequests; ++i) running.send(static_cast<uint32_t>((sender + i) % 3), request_of(sender, i));
    });
  }
  std::string wrong;
  std::thread watcher([&] {
    while (sending) wrong += running.check_books();
  });
  for (auto& thread : threads) thread.join();
  sending = false;
  watcher.join();
  CHECK(wrong.empty());
  running.drain();
  const Ledger::Account& kept = running.account_of("sink/kept");
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (kept.settled() < kept.admitted && std::chrono::steady_clock::now() < deadline) std::this_thread::yield();
  CHECK(running.check_books().empty());
  CHECK(kept.admitted == kSenders * kRequests * 4);
  CHECK(kept.settled() == kept.admitted);
  CHECK(running.answers == kSenders * kRequests);

  std::map<std::string, int> spans_of_trace;
  std::string edges, calls;
  running.loops.run_exclusive([&] {
    for (const std::string& line : running.received.spans["sink/kept"])
      ++spans_of_trace[line.substr(0, line.find(' '))];
    const auto& series = running.received.series["sink/metrics"];
    edges = series.at("traces_service_graph_request_total{client=web,connection_type=,failed=false,server=api}");
    calls = series.at(
        "traces.span.metrics.calls{service.name=web,span.kind=SPAN_KIND_CLIENT,span.name=call,status.code=STATUS_CODE_"
        "UNSET}");
  });
  CHECK(spans_of_trace.size() > 100);
  for (const auto& [trace, spans] : spans_of_trace) CHECK(spans == 8);
  CHECK(edges == std::to_string(kSenders * kRequests * 2 * 4 / 5));
  CHECK(calls == std::to_string(kSenders * kRequests * 2));
}

}  // namespace weir::test
