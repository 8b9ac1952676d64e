// SPDX-License-Identifier: Apache-2.0
#include "telemetry/ledger_metrics.h"

#include <string>

#include "support/catch.h"
#include "telemetry/prometheus_telemetry.h"

namespace weir {
namespace {

const OwnFamily& family(const std::vector<OwnFamily>& all, const std::string& name) {
  for (const auto& f : all) {
    if (f.name == name) return f;
  }
  FAIL("no family " << name);
  return all.front();
}

double value(const OwnFamily& f, const Labels& labels) {
  for (const auto& [have, v] : f.samples) {
    if (have == labels) return v;
  }
  FAIL("no such sample in " << f.name);
  return -1;
}

TEST_CASE("the ledger's page balances for each destination") {
  Ledger ledger;
  const auto a = ledger.add_destination("traces/kept", "otlp_grpc");
  const auto b = ledger.add_destination("traces", "file");
  ledger.admit(a, 10);
  ledger.admit(b, 4);
  ledger.settle(a, 3, Settled::exported());
  ledger.settle(a, 2, Settled::sampled_out());
  ledger.settle(a, 1, Settled::dropped(DropReason::kQueueFull));
  ledger.settle(b, 4, Settled::filtered());
  const auto all = ledger_families(snapshot_of(ledger, {4, 0}));

  const auto& settled = family(all, "weir_spans_settled_total");
  const Labels at_a{{"pipeline", "traces/kept"}, {"exporter", "otlp_grpc"}};
  auto with = [&](const char* outcome, const char* reason) {
    Labels labels = at_a;
    labels["outcome"] = outcome;
    labels["reason"] = reason;
    return labels;
  };
  CHECK(value(settled, with("exported", "")) == 3);
  CHECK(value(settled, with("sampled_out", "")) == 2);
  CHECK(value(settled, with("filtered", "")) == 0);
  CHECK(value(settled, with("dropped", "queue_full")) == 1);
  CHECK(value(family(all, "weir_spans_held"), at_a) == 4);
  Labels live = at_a;
  live["source"] = "live";
  CHECK(value(family(all, "weir_spans_admitted_total"), live) == 10);
  CHECK(value(family(all, "weir_build_info"), {{"version", WEIR_VERSION}}) == 1);

  double admitted = 0, ended = 0, held = 0;
  for (const auto& s : family(all, "weir_spans_admitted_total").samples) admitted += s.second;
  for (const auto& s : settled.samples) ended += s.second;
  for (const auto& s : family(all, "weir_spans_held").samples) held += s.second;
  CHECK(admitted == ended + held);
}

TEST_CASE("large counts stay exact on the page") {
  Ledger ledger;
  ledger.admit(ledger.add_destination("traces", "debug"), 1'234'567'890'123ULL);
  const std::string page = PrometheusTelemetry().render({}, ledger_families(snapshot_of(ledger, {})));
  CHECK(
      page.find("weir_spans_admitted_total{exporter=\"debug\",pipeline=\"traces\",source=\"live\"} 1234567890123\n") !=
      std::string::npos);
}

TEST_CASE("the process's own figures are plausible") {
  const auto all = process_families(std::chrono::milliseconds(1500));
  CHECK(value(family(all, "otelcol_process_uptime"), {}) == 1.5);
  CHECK(value(family(all, "otelcol_process_memory_rss"), {}) > 1e6);
  CHECK(value(family(all, "otelcol_process_cpu_seconds"), {}) > 0);
}

}  // namespace
}  // namespace weir
