// SPDX-License-Identifier: Apache-2.0
#include "telemetry/ledger_metrics.h"

#include <malloc.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstdio>

namespace weir {
namespace {

Labels labels_of(const LedgerSnapshot::Destination& d) { return {{"pipeline", d.pipeline}, {"exporter", d.exporter}}; }

OwnFamily admitted_family(const LedgerSnapshot& snapshot) {
  OwnFamily family{"weir_spans_admitted_total", "Spans admitted to a destination.", true, {}};
  for (const auto& d : snapshot.destinations) {
    Labels labels = labels_of(d);
    labels["source"] = "live";
    family.samples.emplace_back(labels, static_cast<double>(d.admitted - d.replayed));
    if (d.replayed == 0) continue;
    labels["source"] = "replay";
    family.samples.emplace_back(std::move(labels), static_cast<double>(d.replayed));
  }
  return family;
}

void add_settled(OwnFamily& family, const LedgerSnapshot::Destination& d, Outcome outcome, std::string_view reason,
                 uint64_t spans) {
  Labels labels = labels_of(d);
  labels["outcome"] = name_of(outcome);
  labels["reason"] = reason;
  family.samples.emplace_back(std::move(labels), static_cast<double>(spans));
}

OwnFamily settled_family(const LedgerSnapshot& snapshot) {
  OwnFamily family{"weir_spans_settled_total", "Spans whose life ended at a destination, and how.", true, {}};
  for (const auto& d : snapshot.destinations) {
    for (const Outcome outcome : {Outcome::kExported, Outcome::kSampledOut, Outcome::kFiltered}) {
      add_settled(family, d, outcome, "", d.outcomes[static_cast<size_t>(outcome)]);
    }
    for (int reason = 0; reason < kDropReasons; ++reason) {
      const uint64_t spans = d.dropped[static_cast<size_t>(reason)];
      if (spans > 0) add_settled(family, d, Outcome::kDropped, name_of(static_cast<DropReason>(reason)), spans);
    }
  }
  return family;
}

OwnFamily held_family(const LedgerSnapshot& snapshot) {
  OwnFamily family{
      "weir_spans_held", "Spans of a destination that are inside now: waiting, queued or in flight.", false, {}};
  for (const auto& d : snapshot.destinations) family.samples.emplace_back(labels_of(d), static_cast<double>(d.held));
  return family;
}

double resident_bytes() {
  long size = 0;
  long resident = 0;
  std::FILE* file = std::fopen("/proc/self/statm", "re");
  if (file == nullptr) return 0;
  const bool read = std::fscanf(file, "%ld %ld", &size, &resident) == 2;
  std::fclose(file);
  return read ? static_cast<double>(resident) * static_cast<double>(sysconf(_SC_PAGESIZE)) : 0;
}

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) * 1e-6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

OwnFamily single(std::string name, std::string help, bool counter, double value) {
  return {std::move(name), std::move(help), counter, {{Labels{}, value}}};
}

}  // namespace

LedgerSnapshot snapshot_of(const Ledger& ledger, const std::vector<uint64_t>& held) {
  LedgerSnapshot out;
  for (DestinationId id = 0; id < ledger.size(); ++id) {
    const Ledger::Account& account = ledger.account(id);
    if (account.observer) continue;
    auto& d = out.destinations.emplace_back();
    d.pipeline = account.pipeline;
    d.exporter = account.exporter;
    d.admitted = account.admitted.load(std::memory_order_relaxed);
    d.replayed = account.replayed.load(std::memory_order_relaxed);
    d.held = id < held.size() ? held[id] : 0;
    for (size_t i = 0; i < d.outcomes.size(); ++i) d.outcomes[i] = account.outcomes[i].load(std::memory_order_relaxed);
    for (size_t i = 0; i < d.dropped.size(); ++i) d.dropped[i] = account.dropped[i].load(std::memory_order_relaxed);
  }
  return out;
}

std::vector<OwnFamily> ledger_families(const LedgerSnapshot& snapshot) {
  return {admitted_family(snapshot),
          settled_family(snapshot),
          held_family(snapshot),
          {"weir_build_info", "The running version; always 1.", false, {{Labels{{"version", WEIR_VERSION}}, 1.0}}}};
}

std::vector<OwnFamily> process_families(Duration uptime) {
  const struct mallinfo2 heap = mallinfo2();
  const double in_use = static_cast<double>(heap.uordblks + heap.hblkhd);
  return {
      single("otelcol_process_uptime", "Uptime of the process [Alpha]", true,
             std::chrono::duration<double>(uptime).count()),
      single("otelcol_process_cpu_seconds", "Total CPU user and system time in seconds [Alpha]", true, cpu_seconds()),
      single("otelcol_process_memory_rss", "Total physical memory (resident set size) [Alpha]", false,
             resident_bytes()),
      single("otelcol_process_runtime_heap_alloc_bytes", "Bytes of allocated heap objects [Alpha]", false, in_use),
      single("otelcol_process_runtime_total_sys_memory_bytes", "Total bytes of memory obtained from the OS [Alpha]",
             false, static_cast<double>(heap.arena + heap.hblkhd)),
  };
}

OwnFamily target_info_family(const Labels& resource) {
  return {"target_info", "Target metadata", false, {{resource, 1.0}}};
}

}  // namespace weir
