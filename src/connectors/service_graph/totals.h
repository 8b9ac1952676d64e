// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "connectors/service_graph/pairing.h"
#include "connectors/service_graph/plan.h"
#include "otlp/metrics_writer.h"
#include "weir/component.h"

namespace weir::service_graph {

// How far a cumulative series has got. Its first flush says 0, so that rate() sees the first increment.
enum class Stage : uint8_t { kNew, kZeroSent, kValueSent };

struct EdgeTotal {
  EdgeSeries series;
  uint64_t start_ns = 0;
  Stage stage = Stage::kNew;
  Stage failed_stage = Stage::kNew;  // of request_failed_total, which begins with the first failed edge
};

// All series of the graph, on the home shard, in the order of their labels.
class Totals {
 public:
  Totals(std::shared_ptr<const Plan> plan, const ComponentEnv& env);

  void absorb(std::vector<EdgeDelta> deltas);
  // Zeros of the series that were never sent, for a request of its own where encode() shall give values at once.
  std::string zeros(uint64_t time_ns) const;
  // All points; with `values` no zeros. "" where there are none.
  std::string encode(uint64_t time_ns, bool values) const;
  // What encode() gave has been sent.
  void mark_sent(uint64_t time_ns, bool values);
  // Forgets series that have been idle for 15 minutes.
  void drop_idle(Duration now);

  // The totals as a restart shall find them: between flushes, or while what encode() gave is on its way. A zero on its
  // way counts as not sent: to say 0 twice does no harm, never to say it does.
  enum class Sending : uint8_t { kNothing, kZerosFirst, kValues };
  void save(std::string& out, Time now, Sending sending) const;
  // All the rest of the bytes. False, and nothing is taken over, where they are something else. Before anything was
  // absorbed.
  bool load(ByteReader& in, Time now);

 private:
  enum class Pick : uint8_t { kNone, kZero, kValue };
  struct Pass {
    uint64_t time_ns;
    bool only_zeros;
    bool values;
  };
  static Pick pick(Stage stage, const Pass& pass);
  static Stage saved_stage(Stage stage, Sending sending);
  bool load_series(ByteReader& in, Time now);
  Pick pick_failed(const EdgeTotal& total, const Pass& pass) const;
  std::string encode(const Pass& pass) const;
  void write_failed(otlp::MetricsWriter& out, const Pass& pass) const;
  void write_side(otlp::MetricsWriter& out, const char* name, Latencies EdgeSeries::*side, const Pass& pass) const;
  static uint64_t cost_of(const EdgeSeries& series);
  static otlp::PointHead head_of(const EdgeTotal& total, const Pass& pass);

  std::shared_ptr<const Plan> plan_;
  std::map<std::string, EdgeTotal> series_;
  uint64_t last_flush_ns_;  // a series that is new has counted from here on
  Reservation paid_;
  ByteBudget& budget_;
  Counter& refused_series_;
};

}  // namespace weir::service_graph
