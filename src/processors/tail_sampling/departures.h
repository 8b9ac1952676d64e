// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "processors/tail_sampling/emitter.h"
#include "processors/tail_sampling/losses.h"
#include "weir/component.h"
#include "weir/journal.h"

namespace weir {

// The way out of a sampler: spans of sampled traces are handed on, others settled. With a journal the decisions of a
// batch or tick form a wave: they are logged together, and their spans leave or are settled only when they are as safe
// as an ack (DESIGN §5), one wave after another. Spans whose bytes are only in the journal are read back before they
// leave. Until then they are held in the table. One thread.
class Departures {
 public:
  Departures(const ComponentEnv& env, const StagePlace& place, TraceTable& table, Consumer& next);

  bool logs() const { return journal_ != nullptr; }
  // A decision on a trace and its spans, chained from `first_span`. Repeated for late spans that follow it.
  void sampled(const TraceId& trace, uint32_t first_span);
  void lost(const TraceId& trace, uint32_t first_span, Loss loss);
  // Spans that end without a decision.
  void drop(uint32_t first_span, Loss loss) { losses_.add(first_span, loss); }
  // At the end of a batch or tick: sends off what was added.
  void finish();
  // As finish(); what no journal has, and no decision of this wave has to wait for, goes at once.
  void finish_at_shutdown();
  // True while something waits for the journal.
  bool waiting() const { return !waves_.empty() || !queue_.empty() || reading_ > 0; }

 private:
  struct Wave {
    std::vector<LoggedDecision> decisions;
    std::vector<uint32_t> sampled;                // first spans of chains
    std::vector<std::pair<uint32_t, Loss>> lost;  // same
    bool written = false;
    bool empty() const { return sampled.empty() && lost.empty(); }
  };

  void log_decision(const TraceId& trace, LoggedVerdict verdict, uint32_t first_span);
  void close_wave();
  void written(uint64_t wave);
  void go_on();
  void release(const Wave& wave);
  bool partly_spilled(uint32_t first_span) const;
  void send_ready();
  void take_group();
  void note_missing(const HeldSpan& held);
  void read_missing();
  void keep_bytes(const Part& part);
  void got(uint64_t number, BufferRef bytes);
  void send_group();
  bool readable(const HeldSpan& held) const;
  bool in_bytes(const Part& part, Range range) const;

  Journal* const journal_;
  const std::string sampler_;  // its key in the journal
  Shard* const shard_;
  TraceTable& table_;
  ReadBack read_back_;  // of the group
  Emitter emitter_;
  Losses losses_;

  Wave open_;
  std::deque<Wave> waves_;
  uint64_t first_wave_ = 0;  // number of waves_.front()

  std::deque<uint32_t> queue_;             // chains that may leave
  std::vector<uint32_t> group_;            // spans that leave next
  absl::flat_hash_set<uint64_t> missing_;  // what they need, see Part::stored_as
  std::vector<BufferRef> kept_;            // bytes they need that are in memory only
  uint64_t missing_bytes_ = 0;
  size_t reading_ = 0;

  const std::shared_ptr<const bool> alive_ = std::make_shared<bool>(true);  // answers may come after us
};

}  // namespace weir
