// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "base/binary.h"
#include "connectors/flush_loop.h"
#include "connectors/histogram.h"
#include "connectors/service_graph/edge_store.h"
#include "connectors/service_graph/names.h"
#include "connectors/service_graph/plan.h"
#include "weir/component.h"

namespace weir::service_graph {

// Latencies of one side of a series.
struct Latencies {
  Uint128 sum_ns = 0;
  std::vector<uint64_t> buckets;
  std::optional<ExponentialHistogram> exponential;

  explicit Latencies(const Plan& plan);
  void add(const Plan& plan, uint64_t ns);
  void merge(const Latencies& other);
  void save(std::string& out) const;
  bool load(ByteReader& in);  // of the same plan
};

// A series of the graph: counted edges with the same labels. `key` tells series apart and orders them.
struct EdgeSeries {
  std::string key;
  std::string attributes;  // bytes of an AttributeList
  uint64_t count = 0;
  uint64_t failed = 0;
  Latencies client;
  Latencies server;
  Duration last_seen{0};
};

struct EdgeDelta {
  std::vector<EdgeSeries> series;
  std::string waiting;  // with a journal: the shard's half edges at that moment, see save_waiting
};

// A half edge on its way from one run to the next. Texts are views into the state.
struct SavedEdge {
  Edge edge;  // without the numbers of its texts
  std::string_view client, server, client_dimensions, server_dimensions, peer;
};
// The next of save_waiting's bytes, or nothing where they are something else.
std::optional<SavedEdge> take_edge(ByteReader& in, const Plan& plan, Time now);

// The input side on one shard: pairs spans into edges (collector-semantics §7.1) and counts them.
class Pairing final : public DeltaSource<EdgeDelta> {
 public:
  Pairing(std::shared_ptr<const Plan> plan, std::shared_ptr<EdgeCapacity> capacity, const ComponentEnv& env);
  ~Pairing() override;

  void observe(const Batch& batch);
  void on_tick(Time now);
  EdgeDelta take() override;

  size_t waiting() const { return store_.size(); }
  // Half edges as bytes without a count, oldest first, with deadlines in wall time.
  std::string save_waiting();
  // Before the shard runs: a half edge of the last run.
  void restore(const SavedEdge& saved);

 private:
  enum class Side : uint8_t { kClient, kServer };
  enum class VirtualSide : uint8_t { kNone, kClient, kServer };

  // The labels of a series, as numbers; valid as long as the names are.
  struct SeriesKey {
    uint32_t client;
    uint32_t server;
    uint32_t client_dimensions;
    uint32_t server_dimensions;
    Connection connection;
    bool failed;
    VirtualSide virtual_side;
    friend bool operator==(const SeriesKey&, const SeriesKey&) = default;
  };
  struct SeriesKeyHash {
    size_t operator()(const SeriesKey& k) const;
  };
  struct ResourceFacts {
    bool looked_up = false;
    bool has_service = false;
    uint32_t service = 0;
    std::vector<std::string_view> entries;  // per name of the plan
  };

  const ResourceFacts& facts_of(const Batch& batch, uint32_t resource);
  void pair(const Batch& batch, const SpanRecord& span, const ResourceFacts& resource);
  void update(Edge& edge, Side side, const Batch& batch, const SpanRecord& span, const ResourceFacts& resource);
  void note_peer(Edge& edge);
  void note_database(Edge& edge, const ResourceFacts& resource);
  std::string_view database_host(std::string_view name);
  uint32_t dimensions_of(const ResourceFacts& resource);
  std::string_view text_of(std::string_view entry, std::string& scratch) const;
  uint64_t latency(const SpanRecord& span) const;

  void keep(const Edge& edge);
  bool take_place();
  void remove(const Edge& edge);
  bool expire_oldest();
  void expire(Edge edge);
  void count(const Edge& edge, VirtualSide side);
  EdgeSeries new_series(const SeriesKey& key) const;
  void add_dimensions(std::string_view side, uint32_t dimensions, otlp::AttributeList& out) const;
  void compact_names();
  void report();

  std::shared_ptr<const Plan> plan_;
  std::shared_ptr<EdgeCapacity> capacity_;
  ComponentEnv env_;
  Counter& dropped_spans_;
  Counter& expired_edges_;
  Counter& total_edges_;
  Time now_;
  Duration next_expiry_ = Duration::min();  // replay may begin before the clock's start
  Names names_;
  EdgeStore store_;
  int64_t places_ = 0;  // taken from the capacity, not used
  Reservation paid_;
  size_t names_at_compaction_ = 0;
  std::vector<EdgeSeries> series_;
  absl::flat_hash_map<SeriesKey, uint32_t, SeriesKeyHash> by_key_;

  // Counted since the last report, which is once per batch or tick.
  uint64_t dropped_ = 0;
  uint64_t expired_ = 0;
  uint64_t total_ = 0;

  // Scratch of the batch and span at hand.
  std::vector<ResourceFacts> resources_;
  std::vector<std::string_view> entries_;
  std::string text_;
  std::string text2_;
};

}  // namespace weir::service_graph
