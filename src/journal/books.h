// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/inlined_vector.h"
#include "journal/byte_codec.h"
#include "journal/format.h"
#include "journal/segment_log.h"

namespace weir::journal {

// What is settled of one live record. Per destination of its route: how many items are open, and, while only some are
// settled, which. A destination that a route names twice (two ways lead there) is settled whole or not at all.
struct RecordBook {
  Location at;  // segment 0: gathered, not yet in the log
  uint32_t items = 0;
  uint32_t route = 0;  // index into Books::routes()
  struct Open {
    uint32_t items = 0;             // times the number of ways there
    std::vector<uint64_t> settled;  // bitmap by item; empty while all are open, and once none is
  };
  absl::InlinedVector<Open, 1>
      open;  // by destination of the route; of one that is named twice, the first stands for all

  bool done() const;
  bool settled(uint32_t destination, uint32_t item) const;
};

// The live records, the decisions that still bind, and the components' last states: all that a checkpoint holds. Pure
// bookkeeping, no disk; one thread.
class Books {
 public:
  uint32_t add_route(const Route& route);  // the same one again gives the same number
  const std::vector<Route>& routes() const { return routes_; }
  // How often the route names this destination; 0 where an earlier index stands for it.
  uint32_t ways(uint32_t route, uint32_t destination) const { return ways_[route][destination]; }

  // A request is in the log at `at`, or about to be (segment 0). Its book is live from now on.
  void add(uint64_t record, uint32_t items, uint32_t route, const Location& at);
  // It lies there now. False where it is not live any more.
  bool move(uint64_t record, const Location& at);
  // Settles items (empty: all) at a destination of the record's route (SettlementEntry::kEverywhere: at all of them).
  // True where that was the last that was open: the record is forgotten. Unknown records and items that are settled
  // already are nothing; at a destination with several ways an item is to be settled once for each.
  bool settle(uint64_t record, uint32_t destination, std::span<const uint32_t> items);
  const RecordBook* find(uint64_t record) const;

  // In order of their numbers.
  uint64_t oldest() const;  // UINT64_MAX where nothing is live
  const RecordBook* next_after(uint64_t after, uint64_t& record) const;
  size_t live_records() const { return records_.size(); }
  uint64_t live_bytes() const { return live_bytes_; }  // of log
  uint64_t live_bytes_in(uint64_t segment) const;
  std::vector<uint64_t> live_in(uint64_t segment) const;

  // A decision on a kept trace stays while a record that is older than it is live, and each one as long as it is among
  // the last kKeptDecisions of its sampler. Kept and not kept traces are counted apart: the latter have no open spans.
  static constexpr size_t kKeptDecisions = 100'000;
  void decide(const std::string& sampler, uint64_t at_record, const std::vector<LoggedDecision>& decisions);
  std::vector<LoggedDecision> decisions(const std::string& sampler) const;
  std::vector<std::string> samplers() const;  // that have decided
  void forget_old_decisions();

  void set_state(const std::string& component, std::string state) { states_[component] = std::move(state); }
  std::string state(const std::string& component) const;

  // The checkpoint's bytes. `upto`: records below it that are not in here are done.
  std::string save(uint64_t upto) const;
  // Into empty books. False where the bytes are not a checkpoint (they passed their checksum: a defect).
  bool load(std::string_view bytes, uint64_t& upto);

 private:
  using Records = std::map<uint64_t, RecordBook>;
  struct Segment {
    uint64_t bytes = 0;
    size_t records = 0;
    std::vector<uint64_t> placed;  // also what is not live any more
  };
  struct Decision {
    uint64_t at_record = 0;
    LoggedDecision decision;
  };
  struct Sampler {
    std::deque<Decision> kept;
    std::deque<Decision> not_kept;
  };

  void place(uint64_t record, RecordBook& book, const Location& at);
  void displace(const RecordBook& book);
  void forget(Records::iterator record);
  void save_decisions(std::string& out) const;
  bool load_record(ByteReader& in, uint64_t& number, const std::vector<uint32_t>& routes);
  void load_decisions(ByteReader& in);

  std::vector<Route> routes_;
  std::vector<std::vector<uint32_t>> ways_;
  Records records_;
  absl::flat_hash_map<uint64_t, Segment> segments_;
  uint64_t live_bytes_ = 0;
  std::map<std::string, Sampler> samplers_;
  std::map<std::string, std::string> states_;
};

}  // namespace weir::journal
