// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "connectors/flush_loop.h"
#include "connectors/key_hash.h"
#include "connectors/span_metrics/adjusted_count.h"
#include "connectors/span_metrics/plan.h"
#include "connectors/span_metrics/series_table.h"
#include "weir/component.h"

namespace weir::span_metrics {

// A distinct resource (by its key attributes) that a shard has met since the last flush.
struct ResourceRecord {
  std::string key;
  std::string attributes;  // bytes of an AttributeList
  Position first;
  Position last;
  Duration last_seen{0};
  uint64_t first_wall_ns = 0;
};

// What a shard has counted since the last flush.
struct SpanDelta {
  std::vector<ResourceRecord> resources;
  std::vector<SeriesTable> families;  // one per family of the plan
  Reservation paid;
};

// The input side on one shard.
class ShardCounts final : public DeltaSource<SpanDelta> {
 public:
  ShardCounts(std::shared_ptr<const Plan> plan, const ComponentEnv& env);

  void observe(const Batch& batch);
  void on_tick(Time now) { now_ = now; }
  SpanDelta take() override;

 private:
  static constexpr uint32_t kUnknown = UINT32_MAX;      // not looked up yet
  static constexpr uint32_t kLeftOut = UINT32_MAX - 1;  // no service.name, or no memory for it

  // A resource as it was sent. Several may share one record; each gives its own spans their labels.
  struct Source {
    uint32_t record = 0;  // index into SpanDelta::resources
    std::string service;
    std::vector<std::string> entries;  // per name of the plan: the KeyValue of that attribute, or ""
  };

  // What is being counted now: one span, or one event of it.
  struct Current {
    const Batch* batch = nullptr;
    const SpanRecord* span = nullptr;
    const Source* source = nullptr;
    uint64_t duration_ns = 0;
    AdjustedCount weight;
    Position at;
  };

  uint32_t source_of(const Batch& batch, uint32_t resource, Position at);
  uint32_t find_source(const Batch& batch, uint32_t resource, Position at);
  uint32_t add_source(const Batch& batch, uint32_t resource, std::string_view service, Position at);
  uint32_t record_of(const Batch& batch, uint32_t resource, Position at);
  std::string resource_key(const Batch& batch, uint32_t resource) const;

  void count_span(const Batch& batch, const SpanRecord& span, const Source& source);
  void count_events(const Family& family, SeriesTable& table);
  void count(const Family& family, SeriesTable& table);
  void find_span_entries();
  void start_key();
  void finish_key(const Family& family);
  uint32_t new_series(const Family& family, SeriesTable& table, uint64_t hash);
  uint32_t overflow_series(const Family& family, SeriesTable& table);
  uint32_t add_record(const Family& family, SeriesTable& table, uint64_t hash, std::string_view attributes);
  std::string build_attributes(const Family& family) const;
  void add_exemplar(SeriesTable& table, uint32_t series);
  bool pay(size_t bytes);

  std::shared_ptr<const Plan> plan_;
  ComponentEnv env_;
  Counter& refused_series_;
  bool wants_entries_;
  bool service_in_key_;  // resources of several services may share a record
  Time now_;
  SpanDelta delta_;
  std::vector<Source> sources_;
  TextMap<uint32_t> by_header_;  // bytes of a resource's header -> index into sources_, or kLeftOut
  TextMap<uint32_t> by_key_;     // a record's key -> its index
  uint64_t refused_ = 0;
  size_t unspent_ = 0;  // paid for, not used yet

  // Scratch of the batch and span at hand; kept for its memory.
  Current current_;
  std::vector<uint32_t> slots_;                 // per resource of the batch: its source
  std::vector<std::string_view> span_entries_;  // per name: the span's KeyValue, or empty
  std::vector<std::string_view> event_entries_;
  std::vector<std::string_view> resolved_;  // per dimension of the family
  std::string key_;
  size_t key_start_ = 0;  // length of the part that all families share
};

}  // namespace weir::span_metrics
