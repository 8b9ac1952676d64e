// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "telemetry/own_metrics.h"
#include "weir/clock.h"
#include "weir/settlement.h"

namespace weir {

// The books of one moment (law 4). Take it while no shard runs a task (or on the only thread): then, for each
// destination, admitted = settled + held holds exactly.
struct LedgerSnapshot {
  struct Destination {
    std::string pipeline;
    std::string exporter;
    uint64_t admitted = 0;
    uint64_t replayed = 0;  // of admitted: restored from the journal at start
    uint64_t held = 0;  // counted by the stages, not computed from the rest
    std::array<uint64_t, kOutcomes> outcomes{};
    std::array<uint64_t, kDropReasons> dropped{};
  };
  std::vector<Destination> destinations;
};

// `held[i]`: spans that stages hold for destination i; missing entries are 0.
LedgerSnapshot snapshot_of(const Ledger& ledger, const std::vector<uint64_t>& held);

// weir_spans_admitted_total, weir_spans_settled_total, weir_spans_held, and weir_build_info. Every outcome is there
// from the start with 0; a drop reason appears when it has happened.
std::vector<OwnFamily> ledger_families(const LedgerSnapshot& snapshot);

// otelcol_process_uptime, _cpu_seconds, _memory_rss and the heap figures of the collector's page, read from the kernel
// and the C library now.
std::vector<OwnFamily> process_families(Duration uptime);

// The collector's `target_info` of its own page.
OwnFamily target_info_family(const Labels& resource);

}  // namespace weir
