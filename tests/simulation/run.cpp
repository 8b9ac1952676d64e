// SPDX-License-Identifier: Apache-2.0
#include "run.h"

#include <algorithm>
#include <cerrno>
#include <iterator>

namespace weir::test {

namespace {

constexpr Duration kStep = std::chrono::milliseconds(20);
constexpr Duration kUnsynced = std::chrono::milliseconds(200);  // settlements are synced every 100 ms, by a tick
constexpr Duration kPatience = std::chrono::seconds(120);

const char* const kPlain = R"(
receivers: {otlp: {protocols: {grpc: {}}}}
exporters:
  backend/a: {retry_on_failure: {initial_interval: 100ms, max_interval: 500ms}}
  backend/b: {retry_on_failure: {initial_interval: 100ms, max_interval: 500ms}, sending_queue: {queue_size: 20}}
  backend/metrics: {retry_on_failure: {initial_interval: 100ms, max_interval: 500ms}, sending_queue: {num_consumers: 1}}
connectors: {span_metrics: {metrics_flush_interval: 1s}}
processors:
  batch: {timeout: 200ms, send_batch_size: 40, send_batch_max_size: 50}
  transform: {trace_statements: ['set(span.attributes["stamp"], UUID())']}
service:
  pipelines:
    traces: {receivers: [otlp], processors: [batch], exporters: [backend/a]}
    traces/b: {receivers: [otlp], exporters: [backend/b, span_metrics]}
    metrics: {receivers: [span_metrics], exporters: [backend/metrics]}
)";

const char* const kSampled = R"(
receivers: {otlp: {protocols: {grpc: {}}}}
exporters:
  backend/a: {retry_on_failure: {initial_interval: 100ms, max_interval: 500ms}}
  backend/b: {retry_on_failure: {initial_interval: 100ms, max_interval: 500ms}}
  backend/metrics: {retry_on_failure: {initial_interval: 100ms, max_interval: 500ms}, sending_queue: {num_consumers: 1}}
connectors: {span_metrics: {metrics_flush_interval: 1s}, service_graph: {metrics_flush_interval: 1s}}
processors:
  transform: {trace_statements: ['set(span.attributes["stamp"], UUID())']}
  tail_sampling:
    decision_wait: 2s
    policies:
      - {name: errors, type: status_code, status_code: {status_codes: [ERROR]}}
      - {name: slow, type: latency, latency: {threshold_ms: 500}}
      - {name: some, type: probabilistic, probabilistic: {sampling_percentage: 10}}
service:
  pipelines:
    traces: {receivers: [otlp], processors: [tail_sampling], exporters: [backend/a, backend/b]}
    traces/measured: {receivers: [otlp], exporters: [span_metrics, service_graph]}
    metrics: {receivers: [span_metrics, service_graph], exporters: [backend/metrics]}
)";

// Every span is rewritten before it is held, with something that must be the same after a crash.
std::string stamped(std::string text) {
  for (const std::string processor : {"[tail_sampling]", "[batch]"}) {
    const size_t at = text.find(processor);
    if (at != std::string::npos) text.insert(at + 1, "transform, ");
  }
  return text;
}

class Run {
 public:
  explicit Run(uint64_t seed)
      : random_(seed),
        model_(random_()),
        sampled_(chance(60)),
        config_(chance(40) ? stamped(sampled_ ? kSampled : kPlain)
                : sampled_ ? kSampled
                           : kPlain),
        shards_(1 + random_() % 3),
        disk_(std::make_unique<SimDisk>(random_())) {
    backend_.random.seed(random_());
    memory_ = chance(30) ? 1 << 20 : 64 << 20;  // so little that what is held is spilled
    restart();
  }

  RunResult go() {
    const int steps = 50 + static_cast<int>(random_() % 250);
    for (int i = 0; i < steps && result_.failure.empty(); ++i) step();
    if (result_.failure.empty()) finish();
    result_.acked = model_.acked_spans();
    return result_;
  }

 private:
  bool chance(int percent) { return static_cast<int>(random_() % 100) < percent; }
  void fail(const std::string& what) {
    if (result_.failure.empty() && !what.empty()) result_.failure = what;
  }

  void step() {
    pass();
    if (chance(60)) send();
    if (chance(4)) trouble();
    if (chance(3)) return crash();
    if (chance(5)) heal();
    if (chance(80)) {
      process_->run_until_idle();
      last_idle_ = backend_.now;
      fail(process_->check_identity());
    } else {
      process_->run(random_() % 60);
    }
  }

  void pass() {
    const Duration by = kStep * static_cast<int>(1 + random_() % 6);
    clock_.advance(by);
    backend_.now = clock_.now().mono;
    process_->tick();
  }

  void send() {
    std::vector<size_t> spans;
    const std::string request = model_.next_request(clock_.now(), spans);
    if (spans.empty()) return;
    if (!sampled_ && chance(5)) backend_.sinks["backend/a"].poison.insert(model_.spans()[spans.back()].id);
    process_->send(request, [this, spans](Answer::Kind kind) {
      if (kind == Answer::Kind::kAccepted) model_.acked(spans);
    });
  }

  void trouble() {
    const char* const kSinks[] = {"backend/a", "backend/b", "backend/metrics"};
    Backend::Sink& sink = backend_.sinks[kSinks[random_() % 3]];
    switch (random_() % 5) {
      case 0:
        sink.up = false;
        return;
      case 1:
        sink.lose_answers_percent = 20;
        return;
      case 2:
        disk_troubled_ = true;
        return fail_disk();
      case 3:
        return fill_disk();
      default:
        sink.up = true;
        sink.lose_answers_percent = 0;
    }
  }

  void fail_disk() {
    using Op = SimDisk::Op;
    static constexpr Op kOps[] = {Op::kOpen, Op::kWrite, Op::kSync, Op::kRename, Op::kRemove, Op::kSyncDirectory};
    static constexpr int kErrors[] = {EIO, ENOSPC, EROFS};
    const int faults = 1 + static_cast<int>(random_() % 3);
    for (int i = 0; i < faults; ++i) {
      disk_->fail(kOps[random_() % std::size(kOps)], kErrors[random_() % std::size(kErrors)], 1 + random_() % 10,
                  chance(50) ? 1 : random_() % 40);
    }
  }

  // Something else takes all room of the device but a few bytes. Once the journal has a spare to give up, it must come
  // out of that by itself, with what it frees.
  void fill_disk() {
    const std::vector<std::string> names = disk_->names();
    const bool spare = std::any_of(names.begin(), names.end(), [](const auto& n) { return n.starts_with("spare-"); });
    if (!spare || disk_is_full_) return;
    disk_troubled_ = disk_is_full_ = true;
    disk_->set_capacity(disk_->used() + random_() % 20000);
  }
  void make_room() {
    disk_is_full_ = false;
    disk_->set_capacity(SimDisk::kUnlimited);
  }

  void heal() {
    disk_->heal();
    for (auto& [id, sink] : backend_.sinks) {
      sink.up = true;
      sink.lose_answers_percent = 0;
    }
  }

  void crash() {
    process_->run(random_() % 80);
    ++result_.crashes;
    for (auto& [id, sink] : backend_.sinks) {
      allowed_[id] += sink.under_way;
      for (const auto& [when, spans] : sink.recent) allowed_[id] += when + kUnsynced >= last_idle_ ? spans : 0;
      sink.under_way = 0;
    }
    process_.reset();
    disk_ = chance(50) ? disk_->kill() : disk_->crash(random_);
    if (chance(50)) clock_.advance(std::chrono::milliseconds(random_() % 6000));
    if (chance(50)) shards_ = 1 + random_() % 3;
    restart();
  }

  void restart() {
    disk_->heal();
    make_room();
    process_ = std::make_unique<Process>(config_, shards_, random_(), clock_, *disk_, backend_, memory_);
    if (!process_->refused_start().empty()) return fail("the start was refused: " + process_->refused_start());
    if (process_->lost() > 0) fail("items were given up at the start");
    if (chance(80)) process_->run_until_idle();
  }

  void finish() {
    heal();
    const Duration until = clock_.now().mono + kPatience;
    const Duration at_least = clock_.now().mono + std::chrono::seconds(8);
    while (clock_.now().mono < at_least || process_->held() > 0 || process_->replaying()) {
      if (clock_.now().mono > until) return fail("it hangs: " + process_->accounts());
      pass();
      process_->run_until_idle();
      fail(process_->check_identity());
      if (!result_.failure.empty()) return;
    }
    check();
  }

  void check() {
    for (const char* id : {"backend/a", "backend/b"}) {
      const Backend::Sink& sink = backend_.sinks[id];
      if (!sink.complaints.empty()) return fail(std::string(id) + ": " + sink.complaints.front());
      const std::string wrong = sampled_ ? model_.check_sampled(sink) : model_.check_everything(sink);
      if (!wrong.empty()) return fail(std::string(id) + ": " + wrong);
      uint64_t duplicates = 0;
      for (const auto& [span, times] : sink.deliveries) duplicates += times - 1;
      result_.duplicates += duplicates;
      const uint64_t allowed = allowed_[id] + sink.answers_lost;
      if (!disk_troubled_ && duplicates > allowed) {
        return fail(std::string(id) + ": " + std::to_string(duplicates) + " duplicates, allowed " +
                    std::to_string(allowed));
      }
    }
    const Backend::Sink& metrics = backend_.sinks["backend/metrics"];
    if (!metrics.complaints.empty()) return fail("a counter went back: " + metrics.complaints.front());
    double calls = 0;
    for (const auto& [key, value] : metrics.series) {
      if (key.find("calls") != std::string::npos) calls += value;
    }
    fail(model_.check_counted(calls));
  }

  std::mt19937_64 random_;
  Model model_;
  const bool sampled_;
  const std::string config_;
  uint32_t shards_;
  uint64_t memory_ = 0;
  ManualClock clock_;
  Backend backend_;
  Duration last_idle_{0};  // mono; since then the journal may not have come to its ticks
  std::unique_ptr<SimDisk> disk_;
  bool disk_troubled_ = false;
  bool disk_is_full_ = false;
  std::unique_ptr<Process> process_;
  std::map<std::string, uint64_t> allowed_;
  RunResult result_;
};

}  // namespace

RunResult simulate(uint64_t seed) { return Run(seed).go(); }

}  // namespace weir::test
