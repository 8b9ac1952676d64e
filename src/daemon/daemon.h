// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "config/service_config.h"
#include "daemon/authenticators.h"
#include "daemon/components.h"
#include "daemon/journal_host.h"
#include "daemon/own_pages.h"
#include "daemon/resources.h"
#include "daemon/wiring/graph.h"
#include "extensions/health_check/health_check.h"
#include "extensions/pprof/pprof.h"
#include "extensions/zpages/zpages.h"
#include "net/event_loops.h"
#include "receivers/otlp/receiver.h"
#include "telemetry/prometheus_telemetry.h"
#include "telemetry/stderr_log.h"
#include "weir/budget.h"

namespace weir {

// The process from a checked configuration to its exit code. Lives on the main thread, which only waits; the work is
// done by the shards.
class Daemon {
 public:
  Daemon(config::ServiceConfig config, const ComponentList& list, std::optional<JournalChoice> journal);
  ~Daemon();
  // Starts, runs until SIGTERM or SIGINT, drains. 0 after any drain, 1 where the start failed (a port is taken), 2
  // where a second signal ended the drain.
  int run();

 private:
  enum class Phase { kStarting, kRunning, kDraining };

  void build();
  void build_graph();
  std::string start();
  std::string open_journal();
  std::string start_servers();
  std::string start_receivers();
  std::string start_extensions();
  std::string start_extension(const config::ComponentConfig& extension);
  void ask_service_view(ZPages::Done done);
  void start_loops();
  void give_memory_back(Time now);
  void tell_refusals(Time now);
  void say_ready() const;
  void say_listening() const;
  void wait_for_stop();
  void on_stop_signal();
  Health health() const;

  // drain.cpp
  void drain();
  void keep_accepting(Duration until);
  void finish_requests(Duration until);
  void run_step(DrainStep& step, Duration until);
  void finish_exporters(Duration until);
  bool exporters_idle();
  void check_accounts();
  void close_journal(Duration deadline);
  void on_each_shard(const std::function<void(uint32_t)>& work);

  const config::ServiceConfig config_;
  const ComponentList& list_;
  SystemClock clock_;
  const Time started_ = clock_.now();
  StderrLog log_;
  const Resources resources_ = read_resources();
  BudgetChoice budget_choice_;
  std::unique_ptr<ByteBudget> budget_;
  Ledger ledger_;
  PrometheusTelemetry telemetry_;
  net::EventLoops loops_;
  ComponentEnv env_;
  StartedAuthenticators authenticators_;
  std::optional<JournalChoice> journal_choice_;
  std::unique_ptr<JournalHost> journal_;  // null: nothing is journaled
  std::unique_ptr<Graph> graph_;
  std::vector<std::unique_ptr<OtlpReceiver>> receivers_;
  std::unique_ptr<OwnPages> pages_;
  std::vector<std::unique_ptr<HealthCheck>> health_checks_;
  std::vector<std::unique_ptr<ZPages>> zpages_;
  std::vector<std::unique_ptr<Pprof>> pprofs_;

  Duration next_trim_{0};       // of shard 0
  Duration next_trim_look_{0};  // of shard 0
  Duration next_look_{0};       // of shard 0
  bool refusing_ = false;       // of shard 0
  std::atomic<Phase> phase_{Phase::kStarting};
  std::atomic<bool> accepting_{false};  // the listeners are open
  std::mutex mutex_;                    // guards stop_signals_
  std::condition_variable stopped_;
  int stop_signals_ = 0;
};

}  // namespace weir
