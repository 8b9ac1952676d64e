// SPDX-License-Identifier: Apache-2.0
#include <bit>

#include "journal/books.h"

// The checkpoint's bytes: upto, routes, records in order of their numbers, decisions, states.
namespace weir::journal {
namespace {

enum OpenForm : uint8_t { kAllOpen = 0, kNoneOpen = 1, kBitmap = 2 };

void put_open(std::string& out, const RecordBook::Open& open) {
  if (open.items == 0) return put_fixed<uint8_t>(out, kNoneOpen);
  if (open.settled.empty()) return put_fixed<uint8_t>(out, kAllOpen);
  put_fixed<uint8_t>(out, kBitmap);
  for (const uint64_t word : open.settled) put_fixed(out, word);
}

// The bits beyond the last item are not set.
bool read_bitmap(ByteReader& in, uint32_t items, RecordBook::Open& open) {
  const size_t words = (uint64_t{items} + 63) / 64;
  if (words > in.rest().size() / sizeof(uint64_t)) return false;
  uint64_t settled = 0;
  for (size_t i = 0; i < words; ++i) {
    open.settled.push_back(in.fixed<uint64_t>());
    settled += static_cast<uint64_t>(std::popcount(open.settled.back()));
  }
  if (items % 64 != 0 && open.settled.back() >> items % 64 != 0) return false;
  if (settled >= items) return false;
  open.items = static_cast<uint32_t>(items - settled);
  return true;
}

bool read_open(ByteReader& in, uint32_t items, uint32_t ways, RecordBook::Open& open) {
  switch (in.fixed<uint8_t>()) {
    case kAllOpen:
      open.items = items * ways;
      return in.ok();
    case kNoneOpen:
      open.items = 0;
      return in.ok();
    case kBitmap:
      return ways == 1 && read_bitmap(in, items, open);
    default:
      return false;
  }
}

void put_location(std::string& out, const Location& at) {
  put_varint(out, at.segment);
  put_varint(out, at.offset);
  put_varint(out, at.size);
}

Location read_location(ByteReader& in) {
  Location at;
  at.segment = in.varint();
  at.offset = in.varint32();
  at.size = in.varint32();
  return at;
}

}  // namespace

std::string Books::save(uint64_t upto) const {
  std::string out;
  out.reserve(records_.size() * 24 + 4096);
  put_varint(out, upto);
  std::vector<Route> used;
  std::vector<bool> is_used(routes_.size());
  for (const auto& [number, book] : records_) is_used[book.route] = true;
  std::vector<uint32_t> numbers(routes_.size());
  for (size_t i = 0; i < routes_.size(); ++i) {
    numbers[i] = static_cast<uint32_t>(used.size());
    if (is_used[i]) used.push_back(routes_[i]);
  }
  put_text(out, encode_routes(used));
  put_varint(out, records_.size());
  uint64_t before = 0;
  for (const auto& [number, book] : records_) {
    put_varint(out, number - before);
    before = number;
    put_location(out, book.at);
    put_varint(out, book.items);
    put_varint(out, numbers[book.route]);
    for (const RecordBook::Open& open : book.open) put_open(out, open);
  }
  save_decisions(out);
  put_varint(out, states_.size());
  for (const auto& [component, state] : states_) {
    put_text(out, component);
    put_text(out, state);
  }
  return out;
}

void Books::save_decisions(std::string& out) const {
  put_varint(out, samplers_.size());
  for (const auto& [name, sampler] : samplers_) {
    put_text(out, name);
    for (const auto* list : {&sampler.not_kept, &sampler.kept}) {
      put_varint(out, list->size());
      for (const Decision& decision : *list) {
        put_varint(out, decision.at_record);
        out.append(decision.decision.trace.bytes());
        put_fixed(out, static_cast<uint8_t>(decision.decision.verdict));
      }
    }
  }
}

bool Books::load_record(ByteReader& in, uint64_t& number, const std::vector<uint32_t>& routes) {
  number += in.varint();
  const Location at = read_location(in);
  const uint32_t items = in.varint32();
  const uint32_t route = in.varint32();
  if (!in.ok() || route >= routes.size() || records_.contains(number)) return false;
  add(number, items, routes[route], at);
  RecordBook& book = records_.at(number);
  for (uint32_t i = 0; i < book.open.size(); ++i) {
    if (!read_open(in, items, ways(book.route, i), book.open[i])) return false;
  }
  return true;
}

void Books::load_decisions(ByteReader& in) {
  for (uint64_t left = in.count(); left > 0 && in.ok(); --left) {
    Sampler& sampler = samplers_[std::string(in.text())];
    for (auto* list : {&sampler.not_kept, &sampler.kept}) {
      for (uint64_t more = in.count(18); more > 0 && in.ok(); --more) {
        Decision& decision = list->emplace_back();
        decision.at_record = in.varint();
        decision.decision.trace = TraceId::from_bytes(in.bytes(16));
        decision.decision.verdict = static_cast<LoggedVerdict>(in.fixed<uint8_t>());
      }
    }
  }
}

bool Books::load(std::string_view bytes, uint64_t& upto) {
  ByteReader in(bytes);
  upto = in.varint();
  const auto routes = decode_routes(in.text());
  if (!in.ok() || !routes) return false;
  std::vector<uint32_t> numbers;
  for (const Route& route : *routes) numbers.push_back(add_route(route));
  uint64_t number = 0;
  for (uint64_t left = in.count(6); left > 0; --left) {
    if (!load_record(in, number, numbers)) return false;
  }
  load_decisions(in);
  for (uint64_t left = in.count(2); left > 0 && in.ok(); --left) {
    const std::string component(in.text());
    states_[component] = std::string(in.text());
  }
  return in.at_end();
}

}  // namespace weir::journal
