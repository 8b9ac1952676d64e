// SPDX-License-Identifier: Apache-2.0
// The end of the process: take what still comes, hand on what is held in the order of the graph, give up at the
// deadline.
#include <algorithm>
#include <future>
#include <memory>
#include <thread>

#include "daemon/daemon.h"

namespace weir {

namespace {
constexpr Duration kPoll = std::chrono::milliseconds(5);
constexpr Duration kQuiet = std::chrono::milliseconds(500);  // no request for this long: senders are done
// … while some are still connected: a tritonserver that is stopped with us takes 3 s to its last batch.
constexpr Duration kQuietConnected = std::chrono::seconds(5);
constexpr Duration kReserve = std::chrono::seconds(2);  // left for the drain itself
constexpr Duration kReserveForExporters = std::chrono::seconds(1);
}  // namespace

// Waits on the main thread, which has nothing else to do; a signal's handler runs on a shard.
static void wait_a_little() { std::this_thread::sleep_until(std::chrono::steady_clock::now() + kPoll); }

void Daemon::on_each_shard(const std::function<void(uint32_t)>& work) {
  for (uint32_t shard = 0; shard < loops_.size(); ++shard) {
    std::promise<void> done;
    loops_.at(shard).post([&] {
      work(shard);
      done.set_value();
    });
    done.get_future().wait();
  }
}

void Daemon::drain() {
  phase_ = Phase::kDraining;
  log_.info("service", "Starting shutdown...");
  const Duration deadline = clock_.now().mono + config_.shutdown_timeout;
  keep_accepting(deadline - std::min(kReserve, config_.shutdown_timeout / 2));
  for (auto& receiver : receivers_) receiver->drain();
  accepting_ = false;
  finish_requests(deadline - std::min(kReserveForExporters, config_.shutdown_timeout / 4));
  for (DrainStep& step : graph_->drain_steps()) run_step(step, deadline);
  finish_exporters(deadline);
  check_accounts();
  close_journal(deadline);
  on_each_shard([this](uint32_t shard) {
    for (auto& receiver : receivers_) receiver->close(shard);
  });
  loops_.stop();
  loops_.join();
  log_.info("service", "Shutdown complete.");
}

// Senders that drain themselves (a tritonserver posts its last batch at its own shutdown) still find an open door.
void Daemon::keep_accepting(Duration until) {
  Duration quiet_since = clock_.now().mono;
  while (clock_.now().mono < until) {
    uint64_t connections = 0;
    for (const auto& receiver : receivers_) {
      quiet_since = std::max(quiet_since, receiver->last_request());
      connections += receiver->connections();
    }
    const bool quiet = clock_.now().mono - quiet_since >= (connections > 0 ? kQuietConnected : kQuiet);
    // What is journaled need not leave before the end.
    if (quiet && (journal_ || exporters_idle())) return;
    wait_a_little();
  }
}

void Daemon::finish_requests(Duration until) {
  const auto open = [this] {
    uint64_t sum = 0;
    for (const auto& receiver : receivers_) sum += receiver->open_requests();
    return sum;
  };
  while (open() > 0 && clock_.now().mono < until) wait_a_little();
}

void Daemon::run_step(DrainStep& step, Duration until) {
  const auto open = std::make_shared<std::atomic<size_t>>(step.jobs.size());
  for (auto& [shard, job] : step.jobs) {
    loops_.at(shard).post(
        [open, job = std::move(job), now = clock_.now()]() mutable { job(now, [open] { --*open; }); });
  }
  while (*open > 0) {
    if (clock_.now().mono > until)
      return log_.warn("service", "a stage did not finish in time", {{"stage", step.what}});
    wait_a_little();
  }
}

bool Daemon::exporters_idle() {
  bool idle = true;
  on_each_shard([&](uint32_t shard) { idle = graph_->exporters_idle(shard) && idle; });
  return idle;
}

void Daemon::finish_exporters(Duration until) {
  while (!exporters_idle()) {
    if (clock_.now().mono > until) {
      log_.error("service", "gave up on what exporters still had at the deadline");
      on_each_shard([this](uint32_t shard) { graph_->abandon_exporters(shard); });
      return;
    }
    wait_a_little();
  }
}

// What is still held is in the journal: the next start goes on with it.
void Daemon::close_journal(Duration deadline) {
  if (!journal_ || journal_->close(std::max(deadline, clock_.now().mono + kReserveForExporters))) return;
  log_.error("service", "the journal could not be brought up to date; the next start may send some items twice");
}

// Law 4, at the end: what was admitted is settled, or somebody still holds it.
void Daemon::check_accounts() {
  loops_.run_exclusive([this] {
    const std::vector<uint64_t> held = graph_->held();
    for (DestinationId id = 0; id < ledger_.size(); ++id) {
      const Ledger::Account& account = ledger_.account(id);
      if (account.observer) continue;
      const uint64_t dropped = account.outcomes[static_cast<size_t>(Outcome::kDropped)];
      if (journal_ && held[id] > 0) {
        log_.info("service", "spans are left in the journal",
                  {{"pipeline", account.pipeline}, {"exporter", account.exporter}, {"held", std::to_string(held[id])}});
      }
      if (dropped > 0 || (held[id] > 0 && !journal_)) {
        log_.warn("service", "spans were dropped",
                  {{"pipeline", account.pipeline},
                   {"exporter", account.exporter},
                   {"dropped", std::to_string(dropped)},
                   {"held", std::to_string(held[id])}});
      }
      if (account.admitted == account.settled() + held[id]) continue;
      log_.error("service", "the accounts do not balance",
                 {{"pipeline", account.pipeline},
                  {"exporter", account.exporter},
                  {"admitted", std::to_string(account.admitted)},
                  {"settled", std::to_string(account.settled())},
                  {"held", std::to_string(held[id])}});
    }
  });
}

}  // namespace weir
