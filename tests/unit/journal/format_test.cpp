// SPDX-License-Identifier: Apache-2.0
#include "journal/format.h"

#include <algorithm>
#include <random>

#include "support/catch.h"

namespace weir::journal {
namespace {

std::vector<Route> some_routes() {
  return {{"otlp", Signal::kTraces, {"traces/kept -> otlp_grpc/tempo", "traces => span_metrics"}},
          {"otlp/2", Signal::kLogs, {}}};
}

Context some_context() {
  Context context;
  context.receiver = "otlp";
  context.transport = "grpc";
  context.peer = "[::1]:4711";
  context.received = {.mono = Duration(5), .wall = Duration(1'700'000'000'000'000'001)};
  context.metadata = {{"x-tenant", "a"}, {"x-tenant", std::string("b\0c", 3)}};
  return context;
}

SettlementEntry entry(uint64_t record, uint32_t destination, std::vector<uint32_t> items) {
  return {.record = record, .destination = destination, .items = std::move(items)};
}

std::vector<uint32_t> every(uint32_t step, uint32_t count, uint32_t first = 0) {
  std::vector<uint32_t> items;
  for (uint32_t i = 0; i < count; ++i) items.push_back(first + i * step);
  return items;
}

// Every shorter text, and every longer one, is refused.
template <class Decode>
void check_ends(const std::string& bytes, Decode decode) {
  for (size_t size = 0; size < bytes.size(); ++size) CHECK_FALSE(decode(std::string_view(bytes).substr(0, size)));
  CHECK_FALSE(decode(bytes + '\0'));
}

}  // namespace

TEST_CASE("routes come back as they were") {
  const std::string bytes = encode_routes(some_routes());
  REQUIRE(decode_routes(bytes));
  CHECK(*decode_routes(bytes) == some_routes());
  CHECK(decode_routes(encode_routes({}))->empty());
  check_ends(bytes, decode_routes);
}

TEST_CASE("a request is its context and its body") {
  const std::string head = encode_request_head(Signal::kMetrics, some_context());
  const std::string bytes = head + "the body";
  const auto request = decode_request(bytes);
  REQUIRE(request);
  CHECK(request->signal == Signal::kMetrics);
  CHECK(request->body == "the body");
  CHECK(request->context.receiver == "otlp");
  CHECK(request->context.transport == "grpc");
  CHECK(request->context.peer == "[::1]:4711");
  CHECK(request->context.received.wall == some_context().received.wall);
  CHECK(request->context.received.mono == some_context().received.mono);
  CHECK(request->context.metadata == some_context().metadata);
  for (size_t size = 0; size < head.size(); ++size) CHECK_FALSE(decode_request(std::string_view(head).substr(0, size)));
}

TEST_CASE("decisions come back in order") {
  std::vector<LoggedDecision> decisions;
  for (char i = 1; i < 9; ++i) {
    decisions.push_back({TraceId::from_bytes(std::string(16, i)), static_cast<LoggedVerdict>(i % 3 + 1)});
  }
  const std::string bytes = encode_decisions("traces tail_sampling", decisions);
  const auto read = decode_decisions(bytes);
  REQUIRE(read);
  CHECK(read->first == "traces tail_sampling");
  REQUIRE(read->second.size() == decisions.size());
  for (size_t i = 0; i < decisions.size(); ++i) {
    CHECK(read->second[i].trace == decisions[i].trace);
    CHECK(read->second[i].verdict == decisions[i].verdict);
  }
  check_ends(bytes, decode_decisions);
  std::string unknown = bytes;
  unknown.back() = 4;
  CHECK_FALSE(decode_decisions(unknown));
}

TEST_CASE("settlements come back sorted, each item once") {
  const auto read = decode_settlements(encode_settlements(
      {entry(9, 1, {7, 3, 3, 5}), entry(2, SettlementEntry::kEverywhere, {}), entry(2, 0, {UINT32_MAX, 0})}));
  REQUIRE(read);
  REQUIRE(read->size() == 3);
  CHECK(((*read)[0].record == 2 && (*read)[0].destination == 0));
  CHECK((*read)[0].items == std::vector<uint32_t>{0, UINT32_MAX});
  CHECK(((*read)[1].record == 2 && (*read)[1].destination == SettlementEntry::kEverywhere));
  CHECK((*read)[1].items.empty());
  CHECK((*read)[2].items == std::vector<uint32_t>{3, 5, 7});
}

TEST_CASE("items are a bitmap or distances, whatever is smaller") {
  const auto size_of = [](std::vector<uint32_t> items) { return encode_settlements({entry(1, 0, items)}).size(); };
  CHECK(size_of(every(1, 512)) < 80);
  CHECK(size_of(every(1, 512, 4'000'000'000)) < 80);
  CHECK(size_of(every(1000, 20)) < 50);
  CHECK(size_of({}) < 6);
}

TEST_CASE("settlements of any shape come back") {
  std::mt19937_64 random(20);
  for (int round = 0; round < 300; ++round) {
    std::vector<SettlementEntry> entries;
    for (uint64_t left = random() % 8; left > 0; --left) {
      std::vector<uint32_t> items;
      const uint32_t density = 1U << random() % 32;
      uint64_t next = random() % density;
      for (uint64_t more = random() % 300; more > 0 && next <= UINT32_MAX; --more) {
        items.push_back(static_cast<uint32_t>(next));
        next += 1 + random() % density;
      }
      entries.push_back(entry(random() >> random() % 64, static_cast<uint32_t>(entries.size()), items));
    }
    const std::string bytes = encode_settlements(entries);
    const auto read = decode_settlements(bytes);
    REQUIRE(read);
    std::sort(entries.begin(), entries.end(), [](const auto& a, const auto& b) {
      return std::pair(a.record, a.destination) < std::pair(b.record, b.destination);
    });
    REQUIRE(read->size() == entries.size());
    for (size_t i = 0; i < entries.size(); ++i) {
      CHECK((*read)[i].record == entries[i].record);
      CHECK((*read)[i].destination == entries[i].destination);
      CHECK((*read)[i].items == entries[i].items);
    }
    check_ends(bytes, decode_settlements);
  }
}

TEST_CASE("lists that cannot be are refused") {
  const auto refused = [](std::string_view bytes) { return !decode_settlements(bytes); };
  using std::string_view_literals::operator""sv;
  CHECK_FALSE(refused("\x01\x05\x01\x02\x07"sv));                                        // one item, 7
  CHECK_FALSE(refused("\x01\x05\x01\x05\x00\x01\x03"sv));                                // 0 and 1 as a bitmap
  CHECK(refused("\x01\x05\x01\x05\x00\x01\x07"sv));                                      // three bits for two items
  CHECK(refused("\x01\x05\x01\x05\x00\x01\x06"sv));                                      // the first is not in it
  CHECK(refused("\x01\x05\x01\x05\x00\x02\x03\x00"sv));                                  // longer than it needs to be
  CHECK(refused("\x01\x05\x01\x01\x07"sv));                                              // a bitmap of nothing
  CHECK(refused("\x01\x05\x01\x04\xff\xff\xff\xff\x0f\x00"sv));                          // 2^32
  CHECK(refused("\x01\x05\x01\x05\xff\xff\xff\xff\x0f\x01\x03"sv));                      // 2^32 as a bitmap
  CHECK(refused("\xff\xff\xff\xff\xff\xff\xff\xff\x7f"sv));                              // more entries than bytes
  CHECK(refused("\x01\x05\x81\x80\x80\x80\x10\x00"sv));                                  // a destination beyond 32 bits
  CHECK(refused("\x02\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x00\x00\x01\x00\x00"sv));  // record 2^64
}

}  // namespace weir::journal
