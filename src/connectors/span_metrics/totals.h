// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "connectors/histogram.h"
#include "connectors/key_hash.h"
#include "connectors/span_metrics/observer.h"
#include "connectors/span_metrics/plan.h"
#include "otlp/metrics_writer.h"
#include "weir/component.h"

namespace weir::span_metrics {

// How far a cumulative series has got. Its first flush says 0, so that rate() sees the first increment.
enum class Stage : uint8_t { kNew, kZeroSent, kValueSent };

struct SeriesTotal {
  std::string key;
  std::string attributes;  // bytes of an AttributeList
  uint64_t count = 0;
  Uint128 sum_ns = 0;
  std::vector<uint64_t> buckets;
  std::optional<ExponentialHistogram> exponential;
  std::vector<ExemplarRecord> exemplars;  // not sent yet
  uint64_t start_ns = 0;
  Duration last_seen{0};
  Stage stage = Stage::kNew;
  bool overflow = false;
};

struct FamilyTotal {
  std::vector<std::unique_ptr<SeriesTotal>> series;  // in the order of their first spans
  TextMap<SeriesTotal*> by_key;
  int64_t regular = 0;  // series but the overflow

  SeriesTotal& add(std::unique_ptr<SeriesTotal> total);  // its key is not there yet
};

struct ResourceTotal {
  std::string key;
  std::string attributes;
  std::vector<FamilyTotal> families;
  Position last;
  Duration last_seen{0};
  bool leaving = false;  // this flush is its last
};

// When a series was flushed last, for the start of its next delta; the least recently flushed go first.
class TimestampCache {
 public:
  explicit TimestampCache(size_t size) : size_(size) {}
  // The time of the flush before, or `otherwise`; notes `now`.
  uint64_t exchange(std::string key, uint64_t now, uint64_t otherwise);
  void save(std::string& out) const;
  bool load(ByteReader& in);

 private:
  using Entry = std::pair<std::string, uint64_t>;
  size_t size_;
  std::list<Entry> order_;  // most recent first
  TextMap<std::list<Entry>::iterator> by_key_;
};

// All series of the connector, on the home shard.
class Totals {
 public:
  Totals(std::shared_ptr<const Plan> plan, const ComponentEnv& env);

  // Adds what the shards have counted, in the order in which it was received.
  void absorb(std::vector<SpanDelta> deltas);
  // Series that leave with this flush and were never sent: their zeros, for a request of its own before the other.
  std::string leaving_zeros(uint64_t time_ns, bool last);
  // All points. "" where there are none.
  std::string encode(uint64_t time_ns, bool last);
  // What encode() gave has been sent.
  void mark_sent(bool last);
  // Forgets what has expired (or everything, with delta temporality). After mark_sent().
  void expire(Duration now);

  // The totals as a restart shall find them: between flushes, or (`sending`) while what encode() gave is on its way. A
  // zero on its way counts as not sent: to say 0 twice does no harm, never to say it does.
  void save(std::string& out, Time now, bool sending) const;
  // All the rest of the bytes. False, and nothing is taken over, where they are something else. Before anything was
  // absorbed.
  bool load(ByteReader& in, Time now);

 private:
  enum class Pick : uint8_t { kNone, kZero, kValue };
  struct Pass {
    uint64_t time_ns;
    bool last;
    bool only_leaving_zeros;
  };
  struct Piece {  // a series of a delta
    const SpanDelta* delta;
    size_t family;
    uint32_t series;
    Position first;
  };

  void note_resources(const std::vector<SpanDelta>& deltas);
  ResourceTotal* find_resource(const ResourceRecord& record);
  void add(const Piece& piece);
  SeriesTotal& find_series(ResourceTotal& resource, const Piece& piece);
  SeriesTotal& new_series(FamilyTotal& family, std::string_view key, const Piece& piece);
  void trim_exemplars();
  void mark_leaving();

  Pick pick(const SeriesTotal& series, bool leaving, const Pass& pass) const;
  bool any(const ResourceTotal& resource, const Pass& pass) const;
  std::string encode(const Pass& pass);
  void write_calls(otlp::MetricsWriter& out, ResourceTotal& resource, size_t family, const Pass& pass);
  void write_durations(otlp::MetricsWriter& out, ResourceTotal& resource, size_t family, const Pass& pass);
  void write_histogram(otlp::MetricsWriter& out, const otlp::PointHead& head, const SeriesTotal& series,
                       Pick pick) const;
  otlp::PointHead head_of(const SeriesTotal& series, Pick pick, const Pass& pass);
  void save_series(std::string& out, const SeriesTotal& series, Stage stage, Time now) const;
  bool load_resource(ByteReader& in, Time now);
  std::unique_ptr<SeriesTotal> load_series(ByteReader& in, size_t family, Time now) const;
  std::unique_ptr<SeriesTotal> empty_series(size_t family) const;
  std::unique_ptr<ResourceTotal> empty_resource() const;
  static uint64_t cost_of(const SeriesTotal& series);
  void set_delta_starts(uint64_t time_ns);
  bool settled(const ResourceTotal& resource) const;
  void drop_resources(Duration now);
  void drop_series(ResourceTotal& resource, Duration now);
  // See save(): of a series in a resource that does or does not leave with the flush.
  Stage saved_stage(const SeriesTotal& series, bool leaving, bool sending) const;
  double in_unit(uint64_t ns) const { return static_cast<double>(ns) / plan_->buckets.ns_per_unit(); }

  std::shared_ptr<const Plan> plan_;
  ComponentEnv env_;
  bool delta_;
  std::vector<std::unique_ptr<ResourceTotal>> resources_;  // in the order of their first spans
  TextMap<ResourceTotal*> by_key_;
  TimestampCache timestamps_;
  Reservation paid_;
  std::vector<otlp::ExemplarView> exemplar_scratch_;
};

}  // namespace weir::span_metrics
