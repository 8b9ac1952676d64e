// SPDX-License-Identifier: Apache-2.0
#include "journal/account.h"

namespace weir::journal {
namespace {

// Of one live record, malloc's share included: the account, and the book in its map.
constexpr uint64_t kBytes = 224;

}  // namespace

// Routes are short.
uint32_t AccountRoute::index_of(DestinationId destination) const {
  for (uint32_t i = 0; i < destinations.size(); ++i) {
    if (destinations[i] == destination) return i;
  }
  return kNowhere;
}

void SettlementInbox::put(uint64_t record, uint32_t destination, std::span<const uint32_t> items) {
  const std::lock_guard lock(mutex_);
  content_.lines.push_back({record, destination, static_cast<uint32_t>(items.size())});
  content_.items.insert(content_.items.end(), items.begin(), items.end());
}

void SettlementInbox::take(Content& into) {
  into.lines.clear();
  into.items.clear();
  const std::lock_guard lock(mutex_);
  std::swap(content_, into);
}

Account::Account(std::shared_ptr<SettlementInbox> inbox, ByteBudget& budget, uint64_t record, uint32_t items,
                 uint32_t route, std::unique_ptr<const RecordBook> before)
    : inbox_(std::move(inbox)),
      route_(inbox_->routes[route]),
      record_(record),
      items_(items),
      before_(std::move(before)),
      paid_(Reservation::take(budget, kBytes + route_.destinations.size() * sizeof(RecordBook::Open))) {}

void Account::settle(DestinationId destination, std::span<const uint32_t> items, uint64_t, const Settled&) {
  const uint32_t index = route_.index_of(destination);
  if (index == AccountRoute::kNowhere || items.empty()) return;
  const bool all = items.size() == items_ && !route_.several[index];
  inbox_->put(record_, index, all ? std::span<const uint32_t>() : items);
}

bool Account::settled_before(DestinationId destination, uint32_t item) const {
  if (!before_) return false;
  const uint32_t index = route_.index_of(destination);
  return index == AccountRoute::kNowhere || before_->settled(index, item);
}

}  // namespace weir::journal
