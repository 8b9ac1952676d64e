// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "weir/batch.h"
#include "weir/ids.h"
#include "weir/journal.h"

namespace weir::journal {

// What is on disk (docs/journal-format.md). All numbers are little endian. A newer format refuses the start; every
// older one is read.
inline constexpr uint32_t kFormatVersion = 1;

// Numbers are on disk: never change one.
enum class RecordKind : uint8_t {
  kRoutes = 1,       // first in every segment: the routes that its requests name
  kRequest = 2,      // one admitted request
  kDecisions = 3,    // of one sampler
  kSettlements = 4,  // which items of which records are settled where; also "all that came before is synced"
};

// The head of a record, checked apart from its payload, so that a broken payload can be stepped over and counted.
struct RecordHead {
  RecordKind kind = RecordKind::kRequest;
  uint32_t size = 0;          // of the payload
  uint64_t sequence = 0;      // of a request: its number; of others: that of the last request before it
  uint32_t items = 0;         // of a request
  uint32_t route = 0;         // of a request: index into the segment's routes
  uint64_t items_before = 0;  // items of all requests ever appended before this record: a gap tells how many are lost
};

// Which destinations count the requests of one receiver and signal. By name, because numbers change from start to
// start.
struct Route {
  std::string receiver;
  Signal signal = Signal::kTraces;
  // "traces/kept -> otlp_grpc/tempo" for exporters, "traces => span_metrics" for connectors.
  std::vector<std::string> destinations;
  friend bool operator==(const Route&, const Route&) = default;
};

// One line of the settlement log: items of a record at one of its route's destinations.
struct SettlementEntry {
  static constexpr uint32_t kEverywhere = UINT32_MAX;
  uint64_t record = 0;
  uint32_t destination = kEverywhere;  // index into the route's destinations; kEverywhere: the record is done
  std::vector<uint32_t> items;         // empty: all
};

struct RequestPayload {  // views into the record's bytes
  Signal signal = Signal::kTraces;
  Context context;
  std::string_view body;
};

std::string encode_routes(const std::vector<Route>& routes);
// What comes before the body in a request's payload.
std::string encode_request_head(Signal signal, const Context& context);
std::string encode_decisions(std::string_view sampler, const std::vector<LoggedDecision>& decisions);
std::string encode_settlements(const std::vector<SettlementEntry>& entries);

// Nothing where the bytes are not what they should be (their checksum was right: a defect, or a newer format).
std::optional<std::vector<Route>> decode_routes(std::string_view payload);
std::optional<RequestPayload> decode_request(std::string_view payload);
std::optional<std::pair<std::string, std::vector<LoggedDecision>>> decode_decisions(std::string_view payload);
std::optional<std::vector<SettlementEntry>> decode_settlements(std::string_view payload);

}  // namespace weir::journal
