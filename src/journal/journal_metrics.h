// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "weir/telemetry.h"

namespace weir::journal {

// The journal's own metrics.
struct JournalMetrics {
  explicit JournalMetrics(Telemetry& telemetry)
      : bytes(telemetry.gauge("weir_journal_bytes", "Bytes of the journal on disk.", {})),
        live_bytes(telemetry.gauge("weir_journal_live_bytes", "Bytes of records that are not settled.", {})),
        live_records(telemetry.gauge("weir_journal_live_records", "Records that are not settled.", {})),
        spilled_bytes(telemetry.gauge("weir_journal_spilled_bytes",
                                      "Bytes of rewritten items that are on disk while memory is short.", {})),
        segments(telemetry.gauge("weir_journal_segments", "Segments of the log that hold records.", {})),
        oldest_age(telemetry.gauge("weir_journal_oldest_record_age_seconds",
                                   "Time since the oldest record that is not settled was received.", {})),
        accepting(
            telemetry.gauge("weir_journal_accepting", "1 where requests are taken in, 0 while they are refused.", {})),
        commits(telemetry.counter("weir_journal_commits_total", "Writes to the log, each for all that waited.", {})),
        sync_seconds(telemetry.histogram("weir_journal_sync_seconds", "Time of a write and sync of the log.", {},
                                         {0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 1, 5})),
        corrupt(telemetry.counter("weir_journal_corrupt_records_total",
                                  "Records that the log held and that cannot be read.", {})),
        quarantined(telemetry.counter("weir_journal_quarantined_records_total",
                                      "Records set aside because the process died of them twice.", {})),
        refused_full(refused(telemetry, "full")),
        refused_disk(refused(telemetry, "disk")),
        refused_closing(refused(telemetry, "shutdown")) {}

  Gauge& bytes;
  Gauge& live_bytes;
  Gauge& live_records;
  Gauge& spilled_bytes;
  Gauge& segments;
  Gauge& oldest_age;
  Gauge& accepting;
  Counter& commits;
  Histogram& sync_seconds;
  Counter& corrupt;
  Counter& quarantined;
  Counter& refused_full;
  Counter& refused_disk;
  Counter& refused_closing;

 private:
  static Counter& refused(Telemetry& telemetry, const std::string& reason) {
    return telemetry.counter("weir_journal_refused_requests_total",
                             "Requests that were not taken in, their senders are to try again.", {{"reason", reason}});
  }
};

}  // namespace weir::journal
