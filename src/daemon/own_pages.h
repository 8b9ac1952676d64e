// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "config/telemetry_config.h"
#include "daemon/wiring/graph.h"
#include "net/event_loops.h"
#include "net/page_server.h"
#include "telemetry/prometheus_telemetry.h"
#include "weir/budget.h"
#include "weir/clock.h"
#include "weir/settlement.h"

namespace weir {

// What the process says of itself to a probe.
struct Health {
  bool ready = false;
  std::vector<std::string> reasons;  // why it is not, or what is degraded
};

// The pages of the telemetry port: /metrics (own metrics with law 4's books, taken while no shard runs, so that they
// balance), /livez (200 as long as the loops turn) and /readyz (503 with reasons).
class OwnPages {
 public:
  struct Sources {
    net::EventLoops* loops;
    Graph* graph;
    Ledger* ledger;
    ByteBudget* budget;
    PrometheusTelemetry* telemetry;
    Clock* clock;
    Time started;
    Labels resource;                 // of target_info
    std::function<Health()> health;  // any shard's thread
  };
  OwnPages(Sources sources, std::vector<config::MetricsPageConfig> pages);
  // "" or why a page cannot be served.
  std::string start();
  std::vector<std::string> addresses() const;  // after start()

 private:
  void answer(const config::MetricsPageConfig& page, const net::PageRequest& request, net::PageDone done);
  void answer_metrics(const PageNames& names, const std::string& content_type, net::PageDone done);
  std::vector<OwnFamily> families(const std::vector<uint64_t>& held) const;

  Sources sources_;
  std::vector<config::MetricsPageConfig> pages_;
  std::vector<std::unique_ptr<net::PageServer>> servers_;
};

// The reply of /readyz and of health pages.
net::PageReply ready_reply(const Health& health);

}  // namespace weir
