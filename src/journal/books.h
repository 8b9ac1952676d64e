// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "journal/format.h"
#include "journal/segment_log.h"

namespace weir::journal {

// What is settled of one live record. Per destination of its route: how many items are open, and, while only some are
// settled, which. A destination that a route names twice (two ways lead there) is settled whole or not at all.
struct RecordBook {
  Location at;
  uint32_t items = 0;
  uint32_t route = 0;  // index into Books::routes()
  struct Open {
    uint32_t items = 0;
    std::vector<uint64_t> settled;  // bitmap by item; empty while all are open, and once none is
  };
  std::vector<Open> open;  // by destination of the route

  bool done() const;
  bool settled(uint32_t destination, uint32_t item) const;
};

// The live records, the decisions that still bind, and the components' last states: all that a checkpoint holds. Pure
// bookkeeping, no disk; one thread.
class Books {
 public:
  uint32_t add_route(const Route& route);  // the same one again gives the same number
  const std::vector<Route>& routes() const { return routes_; }

  // A request is in the log at `at`. Its book is live from now on.
  void add(uint64_t record, uint32_t items, uint32_t route, const Location& at);
  // Its copy, written forward. False where it is not live any more.
  bool move(uint64_t record, const Location& at);
  // Settles items (empty: all) at a destination of the record's route (SettlementEntry::kEverywhere: at all of them).
  // True where that was the last that was open: the record is forgotten. Unknown records and items that are settled
  // already are nothing.
  bool settle(uint64_t record, uint32_t destination, const std::vector<uint32_t>& items);
  const RecordBook* find(uint64_t record) const;

  // In order of their numbers.
  uint64_t oldest() const;  // UINT64_MAX where nothing is live
  const RecordBook* next_after(uint64_t after, uint64_t& record) const;
  size_t live_records() const;
  uint64_t live_bytes() const;  // of log
  uint64_t live_bytes_in(uint64_t segment) const;
  std::vector<uint64_t> live_in(uint64_t segment) const;

  // A decision stays while a record that is older than it is live, and at least as one of the last kKeptDecisions of
  // its sampler; sampled and not sampled ones are kept apart, as the latter never have open spans.
  static constexpr size_t kKeptDecisions = 100'000;
  void decide(const std::string& sampler, uint64_t at_record, const std::vector<LoggedDecision>& decisions);
  std::vector<LoggedDecision> decisions(const std::string& sampler) const;
  void forget_old_decisions();

  void set_state(const std::string& component, std::string state);
  std::string state(const std::string& component) const;

  // The checkpoint's bytes. `upto`: records below it that are not in here are done.
  std::string save(uint64_t upto) const;
  // False where the bytes are not a checkpoint (they passed their checksum: a defect, or a newer format).
  bool load(std::string_view bytes, uint64_t& upto);

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
  std::vector<Route> routes_;
};

}  // namespace weir::journal
