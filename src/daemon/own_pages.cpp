// SPDX-License-Identifier: Apache-2.0
#include "daemon/own_pages.h"

#include <memory>
#include <utility>

#include "telemetry/ledger_metrics.h"

namespace weir {

namespace {

// A scraper that negotiates the format is told how names were escaped, as the collector does; others get the bare type.
std::string content_type_for(const std::string& accept) {
  const std::string type(PrometheusTelemetry::kContentType);
  return accept.find("version=0.0.4") == std::string::npos ? type : type + "; escaping=underscores";
}

}  // namespace

OwnPages::OwnPages(Sources sources, std::vector<config::MetricsPageConfig> pages)
    : sources_(std::move(sources)), pages_(std::move(pages)) {}

std::string OwnPages::start() {
  for (const config::MetricsPageConfig& page : pages_) {
    const config::Endpoint endpoint{page.host, static_cast<uint16_t>(page.port), ""};
    auto started = net::PageServer::start(
        *sources_.loops, endpoint.to_string(),
        [this, &page](const net::PageRequest& request, net::PageDone done) { answer(page, request, std::move(done)); });
    if (!started.server) return "service::telemetry::metrics: " + started.error;
    servers_.push_back(std::move(started.server));
  }
  return "";
}

std::vector<std::string> OwnPages::addresses() const {
  std::vector<std::string> all;
  for (const auto& server : servers_) all.push_back(server->address());
  return all;
}

void OwnPages::answer(const config::MetricsPageConfig& page, const net::PageRequest& request, net::PageDone done) {
  if (request.path == "/metrics") {
    // Measured on the collector: a reader that the operator wrote gets suffixes only where it asks for them.
    const PageNames names{.type_suffix = !page.without_type_suffix.value_or(true),
                          .unit_suffix = !page.without_units.value_or(true)};
    return answer_metrics(names, content_type_for(request.accept), std::move(done));
  }
  if (request.path == "/livez") return done({200, "text/plain; charset=utf-8", "ok\n"});
  if (request.path == "/readyz") return done(ready_reply(sources_.health()));
  done({404, "text/plain; charset=utf-8", "here are /metrics, /livez and /readyz\n"});
}

void OwnPages::answer_metrics(const PageNames& names, const std::string& content_type, net::PageDone done) {
  const auto held = std::make_shared<std::vector<OwnFamily>>();
  sources_.loops->exclusive([this, held] { *held = families(sources_.graph->held()); },
                            [this, held, names, content_type, done = std::move(done)]() mutable {
                              done({200, content_type, sources_.telemetry->render(names, *held)});
                            });
}

std::vector<OwnFamily> OwnPages::families(const std::vector<uint64_t>& held) const {
  std::vector<OwnFamily> all = ledger_families(snapshot_of(*sources_.ledger, held));
  for (OwnFamily& family : process_families(sources_.clock->now().mono - sources_.started.mono))
    all.push_back(std::move(family));
  all.push_back(target_info_family(sources_.resource));
  const auto bytes = [&](std::string name, std::string help, uint64_t value) {
    all.push_back({std::move(name), std::move(help), false, {{Labels{}, static_cast<double>(value)}}});
  };
  bytes("weir_memory_budget_bytes", "Bytes that may be held in all.", sources_.budget->limit());
  bytes("weir_memory_reserved_bytes", "Bytes of the budget that are in use.", sources_.budget->used());
  all.push_back({"weir_memory_refused_total",
                 "Reservations that the budget refused.",
                 true,
                 {{Labels{}, static_cast<double>(sources_.budget->refused())}}});
  return all;
}

net::PageReply ready_reply(const Health& health) {
  std::string body = health.ready ? "ready\n" : "not ready\n";
  for (const std::string& reason : health.reasons) body += reason + "\n";
  return {health.ready ? 200 : 503, "text/plain; charset=utf-8", body};
}

}  // namespace weir
