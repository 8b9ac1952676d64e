// SPDX-License-Identifier: Apache-2.0
#include "journal/books.h"

#include <algorithm>

namespace weir::journal {
namespace {

// How often each destination is named; later namings give 0.
std::vector<uint32_t> ways_of(const Route& route) {
  std::vector<uint32_t> ways;
  const auto& names = route.destinations;
  for (auto name = names.begin(); name != names.end(); ++name) {
    const bool again = std::find(names.begin(), name, *name) != name;
    ways.push_back(again ? 0 : static_cast<uint32_t>(std::count(name, names.end(), *name)));
  }
  return ways;
}

void settle_some(RecordBook::Open& open, uint32_t total, std::span<const uint32_t> items) {
  if (open.settled.empty()) open.settled.resize((total + 63) / 64);
  for (const uint32_t item : items) {
    if (item >= total) continue;
    uint64_t& word = open.settled[item / 64];
    const uint64_t bit = uint64_t{1} << item % 64;
    if ((word & bit) == 0) --open.items;
    word |= bit;
  }
}

}  // namespace

bool RecordBook::done() const {
  return std::all_of(open.begin(), open.end(), [](const Open& one) { return one.items == 0; });
}

bool RecordBook::settled(uint32_t destination, uint32_t item) const {
  const Open& there = open[destination];
  if (there.items == 0) return true;
  if (there.settled.empty() || item >= items) return false;
  return (there.settled[item / 64] >> item % 64 & 1) != 0;
}

uint32_t Books::add_route(const Route& route) {
  const auto same = std::find(routes_.begin(), routes_.end(), route);
  if (same != routes_.end()) return static_cast<uint32_t>(same - routes_.begin());
  routes_.push_back(route);
  ways_.push_back(ways_of(route));
  return static_cast<uint32_t>(routes_.size() - 1);
}

void Books::add(uint64_t record, uint32_t items, uint32_t route, const Location& at) {
  RecordBook& book = records_.try_emplace(records_.end(), record)->second;
  book.items = items;
  book.route = route;
  book.open.reserve(ways_[route].size());
  for (const uint32_t ways : ways_[route]) book.open.push_back({items * ways, {}});
  place(record, book, at);
}

void Books::place(uint64_t record, RecordBook& book, const Location& at) {
  book.at = at;
  if (at.segment == 0) return;
  Segment& segment = segments_[at.segment];
  segment.bytes += at.size;
  ++segment.records;
  segment.placed.push_back(record);
  live_bytes_ += at.size;
}

void Books::displace(const RecordBook& book) {
  const auto segment = segments_.find(book.at.segment);
  if (segment == segments_.end()) return;
  segment->second.bytes -= book.at.size;
  live_bytes_ -= book.at.size;
  if (--segment->second.records == 0) segments_.erase(segment);
}

bool Books::move(uint64_t record, const Location& at) {
  const auto found = records_.find(record);
  if (found == records_.end()) return false;
  displace(found->second);
  place(record, found->second, at);
  return true;
}

void Books::forget(Records::iterator record) {
  displace(record->second);
  records_.erase(record);
}

bool Books::settle(uint64_t record, uint32_t destination, std::span<const uint32_t> items) {
  const auto found = records_.find(record);
  if (found == records_.end()) return false;
  RecordBook& book = found->second;
  if (destination != SettlementEntry::kEverywhere) {
    if (destination >= book.open.size()) return false;
    RecordBook::Open& open = book.open[destination];
    if (open.items == 0) return false;
    if (items.empty()) {
      open.items = 0;
    } else if (ways(book.route, destination) > 1) {
      open.items -= std::min(open.items, static_cast<uint32_t>(items.size()));
    } else {
      settle_some(open, book.items, items);
    }
    if (open.items == 0) open.settled = {};
    if (!book.done()) return false;
  }
  forget(found);
  return true;
}

const RecordBook* Books::find(uint64_t record) const {
  const auto found = records_.find(record);
  return found == records_.end() ? nullptr : &found->second;
}

uint64_t Books::oldest() const { return records_.empty() ? UINT64_MAX : records_.begin()->first; }

const RecordBook* Books::next_after(uint64_t after, uint64_t& record) const {
  const auto next = records_.upper_bound(after);
  if (next == records_.end()) return nullptr;
  record = next->first;
  return &next->second;
}

uint64_t Books::live_bytes_in(uint64_t segment) const {
  const auto found = segments_.find(segment);
  return found == segments_.end() ? 0 : found->second.bytes;
}

std::vector<uint64_t> Books::live_in(uint64_t segment) const {
  const auto found = segments_.find(segment);
  if (found == segments_.end()) return {};
  std::vector<uint64_t> live = found->second.placed;
  std::sort(live.begin(), live.end());
  live.erase(std::unique(live.begin(), live.end()), live.end());
  std::erase_if(live, [&](uint64_t record) {
    const RecordBook* book = find(record);
    return book == nullptr || book->at.segment != segment;
  });
  return live;
}

void Books::decide(const std::string& sampler, uint64_t at_record, const std::vector<LoggedDecision>& decisions) {
  Sampler& of = samplers_[sampler];
  for (const LoggedDecision& decision : decisions) {
    auto& list = decision.verdict == LoggedVerdict::kSampled ? of.kept : of.not_kept;
    list.push_back({at_record, decision});
  }
}

std::vector<std::string> Books::samplers() const {
  std::vector<std::string> names;
  for (const auto& [name, sampler] : samplers_) names.push_back(name);
  return names;
}

std::vector<LoggedDecision> Books::decisions(const std::string& sampler) const {
  std::vector<LoggedDecision> all;
  const auto of = samplers_.find(sampler);
  if (of == samplers_.end()) return all;
  for (const auto* list : {&of->second.not_kept, &of->second.kept}) {
    for (const Decision& decision : *list) all.push_back(decision.decision);
  }
  return all;
}

void Books::forget_old_decisions() {
  const uint64_t oldest_live = oldest();
  for (auto& [name, sampler] : samplers_) {
    while (sampler.not_kept.size() > kKeptDecisions) sampler.not_kept.pop_front();
    while (sampler.kept.size() > kKeptDecisions && sampler.kept.front().at_record <= oldest_live) {
      sampler.kept.pop_front();
    }
  }
}

std::string Books::state(const std::string& component) const {
  const auto found = states_.find(component);
  return found == states_.end() ? std::string() : found->second;
}

}  // namespace weir::journal
