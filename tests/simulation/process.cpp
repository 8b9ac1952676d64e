// SPDX-License-Identifier: Apache-2.0
#include "process.h"

#include "daemon/assemble.h"
#include "otlp/walker.h"
#include "test_components.h"

namespace weir::test {

// The process's shards as it sees them: without the two of its journal.
class Process::Loops final : public Shards {
 public:
  Loops(SimShards& all, uint32_t count) : all_(all), count_(count) {}
  uint32_t size() const override { return count_; }
  Shard& at(uint32_t index) override { return all_.at(index); }

 private:
  SimShards& all_;
  uint32_t count_;
};

Process::Process(const std::string& config, uint32_t shards, uint64_t seed, ManualClock& clock, SimDisk& disk,
                 Backend& backend, uint64_t memory)
    : clock_(clock),
      backend_(backend),
      random_(seed),
      budget_(memory),
      all_(shards + 2, seed,
           [shards](uint32_t shard) {
             if (shard < shards) Edge::set_current_shard(shard);
           }),
      loops_(std::make_unique<Loops>(all_, shards)),
      disk_(disk) {
  start(config);
}

Process::~Process() = default;

void Process::start(const std::string& config) {
  static Received unused;
  list_ = test_components(unused);
  add_backend_exporter(list_, backend_);
  const config::ServiceConfig loaded = load_test_config(config, list_);
  env_ = {.shards = loops_.get(),
          .clock = &clock_,
          .budget = &budget_,
          .ledger = &ledger_,
          .telemetry = &telemetry_,
          .log = &log_,
          .seed = random_()};
  const uint32_t shards = loops_->size();
  journal::JournalOptions options;
  options.max_bytes = 64 << 20;
  options.segment_bytes = 64 << 10;
  options.checkpoint_bytes = 256 << 10;
  journal_ =
      std::make_unique<journal::DiskJournal>(journal::DiskJournal::World{&disk_, &all_.at(shards), &all_.at(shards + 1),
                                                                         &clock_, &budget_, &telemetry_, &log_},
                                             options);
  refused_ = journal_->open();
  if (!refused_.empty()) return;
  env_.journal = journal_.get();
  GraphParts parts = make_parts(loaded, list_, env_);
  parts.journaled[{"otlp", Signal::kTraces}] = Ack::kDurable;
  graph_ = std::make_unique<Graph>(std::move(parts), env_);
  const auto lost = journal_->set_routes(journal_routes(*graph_, ledger_));
  for (const journal::LostItems& items : lost) lost_ += items.items;
  note_lost(ledger_, log_, lost);
  graph_->set_replaying(true);
  graph_->restore_connectors(clock_.now());
  replayer_ = std::make_unique<Replayer>(*graph_, *journal_, env_);
  all_.at(0).post([this] { replayer_->start([] {}); });
}

void Process::send(const std::string& request, Answered answered) {
  Batch batch;
  const otlp::WalkResult walked = otlp::walk(Signal::kTraces, Part{.bytes = BufferRef::copy_of(request)}, batch);
  if (!walked.ok) throw std::runtime_error("the request is refused: " + walked.error);
  const auto context = std::make_shared<Context>();
  context->receiver = "otlp";
  context->transport = "grpc";
  context->received = clock_.now();
  batch.context = context;
  const auto carried = std::make_shared<Batch>(std::move(batch));
  all_.at(static_cast<uint32_t>(random_() % loops_->size())).post([this, carried, answered = std::move(answered)] {
    graph_->admission("otlp", Signal::kTraces)->admit(std::move(*carried), [answered](const Answer& answer) {
      answered(answer.kind);
    });
  });
}

void Process::tick() {
  if (ticks_waiting_ > 0) return;
  ticks_waiting_ = loops_->size() + 1;
  for (uint32_t shard = 0; shard < loops_->size(); ++shard) {
    all_.at(shard).post([this, shard, now = clock_.now()] {
      --ticks_waiting_;
      if (shard == 0) replayer_->on_tick(now);
      graph_->tick(shard, now);
    });
  }
  all_.at(loops_->size()).post([this, now = clock_.now()] {
    --ticks_waiting_;
    journal_->tick(now);
  });
}

bool Process::run(uint64_t tasks) {
  for (uint64_t i = 0; i < tasks; ++i) {
    if (!all_.run_one()) return false;
  }
  return true;
}

void Process::run_until_idle() { all_.run_until_idle(); }

uint64_t Process::held() const {
  uint64_t sum = 0;
  for (const uint64_t spans : graph_->held()) sum += spans;
  return sum;
}

std::string Process::accounts() const {
  std::string text;
  const std::vector<uint64_t> held = graph_->held();
  for (DestinationId id = 0; id < ledger_.size(); ++id) {
    const Ledger::Account& account = ledger_.account(id);
    if (account.observer) continue;
    text += account.pipeline + " -> " + account.exporter + ": admitted " + std::to_string(account.admitted) +
            ", settled " + std::to_string(account.settled()) + ", held " + std::to_string(held[id]) + ", ghosts " +
            std::to_string(account.ghosts) + "; ";
  }
  return text + (replaying() ? "replaying; " : "") + health().reason;
}

std::string Process::check_identity() const {
  const std::vector<uint64_t> held = graph_->held();
  for (DestinationId id = 0; id < ledger_.size(); ++id) {
    const Ledger::Account& account = ledger_.account(id);
    if (account.observer || account.admitted == account.settled() + (id < held.size() ? held[id] : 0)) continue;
    return accounts();
  }
  return "";
}

}  // namespace weir::test
