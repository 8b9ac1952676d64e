// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <bit>

#include "journal/byte_codec.h"
#include "journal/format.h"

namespace weir::journal {
namespace {

// The bitmap of a list begins with its first item; a byte holds eight.
size_t bitmap_size(const std::vector<uint32_t>& items) { return (items.back() - items.front()) / 8 + 1; }

std::string deltas_of(const std::vector<uint32_t>& items) {
  std::string out;
  for (size_t i = 1; i < items.size(); ++i) put_varint(out, items[i] - items[i - 1] - 1);
  return out;
}

std::string bitmap_of(const std::vector<uint32_t>& items) {
  std::string out(bitmap_size(items), '\0');
  for (uint32_t item : items) {
    const uint32_t bit = item - items.front();
    out[bit / 8] = static_cast<char>(static_cast<uint8_t>(out[bit / 8]) | 1u << bit % 8);
  }
  return out;
}

// How many and in which form (0: all of the record), the first, and the others as distances or as a bitmap: whatever is
// smaller.
void put_items(std::string& out, std::vector<uint32_t> items) {
  if (items.empty()) return put_varint(out, 0);
  std::sort(items.begin(), items.end());
  items.erase(std::unique(items.begin(), items.end()), items.end());
  const std::string deltas = deltas_of(items);
  const bool bitmap = bitmap_size(items) < deltas.size();
  put_varint(out, items.size() << 1 | (bitmap ? 1 : 0));
  put_varint(out, items.front());
  if (bitmap) put_varint(out, bitmap_size(items));
  out += bitmap ? bitmap_of(items) : deltas;
}

void read_deltas(ByteReader& in, uint64_t left, std::vector<uint32_t>& items) {
  if (left > in.rest().size()) return in.fail();
  items.reserve(left + 1);
  for (; left > 0; --left) {
    const uint64_t next = uint64_t{items.back()} + 1 + in.varint32();
    if (!in.ok() || next > UINT32_MAX) return in.fail();
    items.push_back(static_cast<uint32_t>(next));
  }
}

void read_bitmap(ByteReader& in, uint64_t expected, std::vector<uint32_t>& items) {
  const std::string_view bits = in.text();
  const uint64_t first = items.front();
  if (bits.empty() || (bits.front() & 1) == 0 || bits.back() == '\0') return in.fail();
  if (first + bits.size() * 8 - 8 + std::bit_width(static_cast<uint8_t>(bits.back())) - 1 > UINT32_MAX)
    return in.fail();
  items.clear();
  for (size_t i = 0; i < bits.size(); ++i) {
    for (auto byte = static_cast<uint8_t>(bits[i]); byte != 0; byte &= static_cast<uint8_t>(byte - 1)) {
      items.push_back(static_cast<uint32_t>(first + i * 8 + static_cast<uint64_t>(std::countr_zero(byte))));
    }
  }
  if (items.size() != expected) in.fail();
}

std::vector<uint32_t> read_items(ByteReader& in) {
  const uint64_t form = in.varint();
  if (!in.ok() || form == 0) return {};
  std::vector<uint32_t> items;
  if (form >> 1 == 0) in.fail();
  items.push_back(in.varint32());
  if (!in.ok()) return {};
  if ((form & 1) != 0) {
    read_bitmap(in, form >> 1, items);
  } else {
    read_deltas(in, (form >> 1) - 1, items);
  }
  return items;
}

// kEverywhere is 0 on disk, others come one higher.
uint64_t number_of(uint32_t destination) {
  return destination == SettlementEntry::kEverywhere ? 0 : uint64_t{destination} + 1;
}

}  // namespace

std::string encode_settlements(const std::vector<SettlementEntry>& entries) {
  std::vector<const SettlementEntry*> sorted;
  for (const SettlementEntry& entry : entries) sorted.push_back(&entry);
  std::stable_sort(sorted.begin(), sorted.end(), [](const SettlementEntry* a, const SettlementEntry* b) {
    return a->record != b->record ? a->record < b->record : a->destination < b->destination;
  });
  std::string out;
  put_varint(out, sorted.size());
  uint64_t before = 0;
  for (const SettlementEntry* entry : sorted) {
    put_varint(out, entry->record - before);
    put_varint(out, number_of(entry->destination));
    put_items(out, entry->items);
    before = entry->record;
  }
  return out;
}

std::optional<std::vector<SettlementEntry>> decode_settlements(std::string_view payload) {
  ByteReader in(payload);
  std::vector<SettlementEntry> entries;
  uint64_t record = 0;
  for (uint64_t left = in.count(3); left > 0; --left) {
    const uint64_t distance = in.varint();
    if (distance > UINT64_MAX - record) return std::nullopt;
    record += distance;
    const uint64_t destination = in.varint();
    if (destination > UINT32_MAX) return std::nullopt;
    SettlementEntry& entry = entries.emplace_back();
    entry.record = record;
    if (destination > 0) entry.destination = static_cast<uint32_t>(destination - 1);
    entry.items = read_items(in);
    if (!in.ok()) return std::nullopt;
  }
  if (!in.at_end()) return std::nullopt;
  return entries;
}

}  // namespace weir::journal
