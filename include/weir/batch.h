// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "weir/bytes.h"
#include "weir/clock.h"
#include "weir/settlement.h"
#include "weir/span_record.h"

namespace weir {

enum class Signal : uint8_t { kTraces, kMetrics, kLogs };
std::string_view name_of(Signal signal);  // "traces", "metrics", "logs"

// Where a request came from: immutable, shared by all batches that hold parts of it. Merging batches keeps a context
// only where all parts agree on the kept keys (client metadata); otherwise the merged batch has none.
struct Context {
  std::string receiver;   // component id as written in the config
  std::string transport;  // "grpc" or "http"
  std::string peer;       // "address:port"
  Time received;
  // Client metadata kept by `include_metadata` (names in lower case), in order of arrival.
  std::vector<std::pair<std::string, std::string>> metadata;
};
using ContextRef = std::shared_ptr<const Context>;

// Bytes on disk that no record holds: what a processor made, put there while memory is short (Journal::spill). Given
// back with the last reference. Thread-safe.
class SpilledBytes {
 public:
  virtual ~SpilledBytes() = default;
  virtual uint64_t number() const = 0;      // what Journal::read takes; no record has it
  virtual BufferRef in_memory() const = 0;  // the bytes as long as others hold them too; then null
};
using SpilledRef = std::shared_ptr<const SpilledBytes>;

// Bytes that a batch refers to, with the account of the request they came from. Whatever is rewritten gets a new part
// with the same origin.
struct Part {
  BufferRef bytes;                             // null while they are only in the journal (`spilled`)
  OriginRef origin;                            // null where nobody waits for this request
  uint64_t sequence = 0;                       // process-wide number of the request; orders what shards merge
  DestinationId destination = kNoDestination;  // set when the part reaches an exporter's door
  bool rewritten = false;                      // not the request's own bytes: they cannot be read back by its record
  SpilledRef spilled = {};                     // set: where rewritten bytes can be read back from
  // True where the journal has the request: the bytes may be let go of while memory is short.
  bool is_journaled() const { return origin && origin->record() != 0; }
  // What Journal::read gives these bytes back by; 0 where they must be spilled before they are let go of.
  uint64_t stored_as() const {
    if (spilled) return spilled->number();
    return !rewritten && is_journaled() ? origin->record() : 0;
  }
};

// One ResourceX message. Its header is every field but the children (field 2), verbatim and in order, as
// Batch::ranges[first_range, first_range + range_count), tags included; a repeated field 1 is there as often as it was
// sent.
struct ResourceEntry {
  uint32_t part = 0;
  uint32_t first_range = 0;
  uint32_t range_count = 0;
};

// One ScopeX message; same rule (children are field 2 here too).
struct ScopeEntry {
  uint32_t resource = 0;  // index into Batch::resources
  uint32_t part = 0;
  uint32_t first_range = 0;
  uint32_t range_count = 0;
};

// The one container for all signals (DESIGN §2.2): references into shared bytes, an index of items, and the tables that
// say which resource and scope each belongs to. Owned by one stage at a time; moved, not shared. ResourceSpans,
// ResourceMetrics and ResourceLogs use field numbers 1, 2, 3 alike, so only the item record differs per signal.
// Items of one scope are contiguous, and scopes of one resource are too.
struct Batch {
  Signal signal = Signal::kTraces;
  // True while the batch is exactly the whole message in parts[0].bytes: it may leave as those bytes.
  bool whole = false;
  std::vector<Part> parts;
  std::vector<Range> ranges;
  std::vector<ResourceEntry> resources;
  std::vector<ScopeEntry> scopes;
  std::vector<SpanRecord> spans;  // signal kTraces
  std::vector<ItemRecord> items;  // signals kMetrics and kLogs
  // Unknown top-level fields of the request (part, range with tag); they stay with the first part of a split.
  std::vector<std::pair<uint32_t, Range>> top_level;
  ContextRef context;

  std::string_view view(uint32_t part, Range range) const { return parts[part].bytes->view(range); }
  std::string_view body(const SpanRecord& span) const { return view(span.part, span.body); }
  std::string_view name(const SpanRecord& span) const { return view(span.part, span.name); }
  // Spans, log records, or data points.
  uint64_t item_count() const;
};

// Items of a batch that belong to each part, in one pass; index = part.
std::vector<uint32_t> items_per_part(const Batch& batch);

// Calls `visit(part, items, weight)` for each part that has items in the batch: their numbers, and what they count.
void for_each_part(const Batch& batch,
                   const std::function<void(const Part&, std::span<const uint32_t>, uint64_t weight)>& visit);

// Settles some items of one part at each of `destinations`; items that were settled there before the start are left
// out.
void settle_items(Ledger& ledger, Signal signal, const Part& part, std::span<const uint32_t> items, uint64_t weight,
                  const std::vector<DestinationId>& destinations, const Settled& how);
// Settles all items of the batch at each of `destinations` (repetition means several ways there), in the ledger and at
// the origins. Only spans are kept in the ledger.
void settle(Ledger& ledger, const Batch& batch, const std::vector<DestinationId>& destinations, const Settled& how);
// Settles each item at the destination its part carries (batches at or behind an exporter's door).
void settle_at_door(Ledger& ledger, const Batch& batch, const Settled& how);

}  // namespace weir
