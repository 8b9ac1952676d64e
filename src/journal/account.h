// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <span>
#include <utility>
#include <vector>

#include "journal/books.h"
#include "weir/budget.h"
#include "weir/settlement.h"

namespace weir::journal {

// A route of the books in the numbers of this process.
struct AccountRoute {
  std::vector<DestinationId> destinations;  // kNoDestination: not in the configuration any more
  std::vector<bool> several;                // more than one way leads there: items are counted, never "all"

  // Index in the route; kNowhere where it does not count the record.
  static constexpr uint32_t kNowhere = UINT32_MAX;
  uint32_t index_of(DestinationId destination) const;
};

// Where all accounts put what is settled, for the journal to collect. Thread-safe.
class SettlementInbox {
 public:
  struct Line {
    uint64_t record = 0;
    uint32_t destination = 0;  // index in the record's route
    uint32_t count = 0;        // of its items, in order of the lines; 0: all of the record
  };
  struct Content {
    std::vector<Line> lines;
    std::vector<uint32_t> items;
  };

  void put(uint64_t record, uint32_t destination, std::span<const uint32_t> items);
  void take(Content& into);  // swaps: `into` is given empty, with the memory that it had

  // By route of the books. Filled before any account is made.
  std::deque<AccountRoute> routes;

 private:
  std::mutex mutex_;
  Content content_;
};

// The account of one live record. Dying unsettled is nothing: the record stays live.
class Account final : public Origin {
 public:
  // `before`: what was settled at the start, where anything was.
  // It pays for what is kept of a live record: itself and the book.
  Account(std::shared_ptr<SettlementInbox> inbox, ByteBudget& budget, uint64_t record, uint32_t items, uint32_t route,
          std::unique_ptr<const RecordBook> before = {});

  void settle(DestinationId destination, std::span<const uint32_t> items, uint64_t weight, const Settled& how) override;
  uint64_t record() const override { return record_; }
  bool partly_settled() const override { return before_ != nullptr; }
  bool settled_before(DestinationId destination, uint32_t item) const override;

 private:
  const std::shared_ptr<SettlementInbox> inbox_;
  const AccountRoute& route_;
  const uint64_t record_;
  const uint32_t items_;
  const std::unique_ptr<const RecordBook> before_;
  const Reservation paid_;
};

}  // namespace weir::journal
