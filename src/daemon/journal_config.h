// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "config/service_config.h"
#include "weir/journal.h"

namespace weir {

// A directory that the operator gave beside the configuration; "" = none.
struct JournalFlag {
  std::string directory;
  std::string source;  // "--journal", "WEIR_JOURNAL"
};

// What is journaled, where, and when its senders hear "ok".
struct JournalChoice {
  std::string directory;
  bool create_directory = false;
  uint32_t permissions = 0750;  // of the directory, where it is made
  uint64_t max_bytes = 0;       // 0: 80 % of what is free at the start
  std::string source;           // who wants it, for the log: "--journal", "service.journal", "exporters::otlp_grpc"
  Ack ack = Ack::kMemory;       // the strictest of `receivers`
  std::map<std::pair<std::string, Signal>, Ack> receivers;  // by id and signal: whose requests are journaled
};

// One journal serves all: the flag's, else service.journal's, else that of the first sending_queue.storage in the order
// of pipelines. Nothing where nobody wants one. The flag and service.journal journal what every receiver takes in;
// without them, what leads to an exporter that has a storage (through connectors, too). A receiver's ack is the
// strictest wish of what it feeds (DESIGN §5). The configuration was checked. Warnings, with their places: a second
// directory, and a written max_elapsed_time where the journal would keep what is given up.
std::optional<JournalChoice> choose_journal(const config::ServiceConfig& config, const JournalFlag& flag,
                                            config::Problems& problems);

// The directory is there, and is one; made where the choice says so. "" or what is wrong, in the collector's words.
std::string prepare_directory(const JournalChoice& choice);

}  // namespace weir
