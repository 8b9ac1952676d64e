// SPDX-License-Identifier: Apache-2.0
#include "journal/books.h"

#include <map>
#include <random>
#include <set>

#include "support/catch.h"

namespace weir::journal {
namespace {

const Route kRoute{"otlp", Signal::kTraces, {"a", "b"}};

TEST_CASE("a record is live until its last item is settled at its last destination") {
  Books books;
  const uint32_t route = books.add_route(kRoute);
  CHECK(books.add_route(kRoute) == route);
  books.add(5, 100, route, {1, 64, 500});
  CHECK(books.oldest() == 5);
  CHECK_FALSE(books.settle(5, 0, std::vector<uint32_t>{0, 64, 99, 64, 200}));
  CHECK(books.find(5)->open[0].items == 97);
  CHECK(books.find(5)->settled(0, 99));
  CHECK_FALSE(books.find(5)->settled(0, 98));
  CHECK_FALSE(books.find(5)->settled(1, 99));
  CHECK_FALSE(books.settle(5, 1, {}));
  CHECK_FALSE(books.settle(5, 1, {}));
  CHECK_FALSE(books.settle(5, 2, {}));
  CHECK_FALSE(books.settle(4, 0, {}));
  CHECK(books.settle(5, 0, {}));
  CHECK(books.find(5) == nullptr);
  CHECK(books.oldest() == UINT64_MAX);
  CHECK(books.live_bytes() == 0);
  CHECK(books.live_bytes_in(1) == 0);
}

TEST_CASE("bytes are counted where the records lie") {
  Books books;
  const uint32_t route = books.add_route(kRoute);
  books.add(1, 1, route, {});
  CHECK(books.live_bytes() == 0);
  CHECK(books.move(1, {1, 0, 100}));
  books.add(2, 1, route, {1, 100, 50});
  CHECK(books.move(1, {2, 0, 100}));
  CHECK(books.live_bytes() == 150);
  CHECK(books.live_bytes_in(1) == 50);
  CHECK(books.live_in(1) == std::vector<uint64_t>{2});
  CHECK(books.live_in(2) == std::vector<uint64_t>{1});
  CHECK(books.settle(1, SettlementEntry::kEverywhere, {}));
  CHECK_FALSE(books.move(1, {3, 0, 100}));
  CHECK(books.live_bytes() == 50);
}

// Random settling against sets, through a save and a load at every step.
TEST_CASE("saved books are the same books") {
  std::mt19937_64 random(11);
  Books books;
  const std::vector<uint32_t> routes = {books.add_route(kRoute), books.add_route({"x", Signal::kLogs, {"c"}})};
  std::map<uint64_t, std::map<uint32_t, std::set<uint32_t>>> open;
  for (uint64_t record = 1; record < 400; ++record) {
    const auto items = static_cast<uint32_t>(1 + random() % 130);
    const uint32_t route = routes[random() % 2];
    books.add(record, items, route, {record / 10 + 1, static_cast<uint32_t>(random() % 1000), 96});
    for (uint32_t to = 0; to < books.routes()[route].destinations.size(); ++to) {
      for (uint32_t item = 0; item < items; ++item) open[record][to].insert(item);
    }
    for (int settle = 0; settle < 3; ++settle) {
      auto at = std::next(open.begin(), static_cast<long>(random() % open.size()));
      const auto to = static_cast<uint32_t>(random() % at->second.size());
      std::vector<uint32_t> some;
      for (const uint32_t item : at->second[to]) {
        if (random() % 3 != 0) some.push_back(item);
      }
      if (some.empty()) continue;
      for (const uint32_t item : some) at->second[to].erase(item);
      bool done = true;
      for (const auto& [destination, left] : at->second) done &= left.empty();
      CHECK(books.settle(at->first, to, some) == done);
      if (done) open.erase(at);
    }
    if (record % 20 != 0) continue;
    Books loaded;
    uint64_t upto = 0;
    REQUIRE(loaded.load(books.save(record + 1), upto));
    CHECK(upto == record + 1);
    CHECK(loaded.live_bytes() == books.live_bytes());
    books = std::move(loaded);
  }
  CHECK(books.live_records() == open.size());
  for (const auto& [record, destinations] : open) {
    const RecordBook* book = books.find(record);
    REQUIRE(book != nullptr);
    for (const auto& [to, left] : destinations) {
      CHECK(book->open[to].items == left.size());
      for (uint32_t item = 0; item < book->items; ++item) CHECK(book->settled(to, item) == !left.contains(item));
    }
  }
}

TEST_CASE("bytes that are no books are refused, never read beyond") {
  Books books;
  books.add(3, 70, books.add_route(kRoute), {1, 64, 500});
  books.settle(3, 0, std::vector<uint32_t>{1});
  books.decide("tail", 3, {{{{1, 2}}, LoggedVerdict::kSampled}});
  books.set_state("c", "state");
  const std::string bytes = books.save(9);
  uint64_t upto = 0;
  for (size_t size = 0; size < bytes.size(); ++size) CHECK_FALSE(Books().load(bytes.substr(0, size), upto));
  std::mt19937_64 random(3);
  for (int i = 0; i < 20'000; ++i) {
    std::string wrong = bytes;
    for (uint64_t flips = 1 + random() % 3; flips > 0; --flips)
      wrong[random() % wrong.size()] = static_cast<char>(random());
    Books loaded;
    if (loaded.load(wrong, upto)) loaded.save(1);
  }
  CHECK(Books().load(bytes, upto));
}

TEST_CASE("decisions stay while something older is live, and the last ones in any case") {
  Books books;
  const uint32_t route = books.add_route(kRoute);
  books.add(10, 1, route, {1, 64, 100});
  std::vector<LoggedDecision> kept(Books::kKeptDecisions, {{{1, 1}}, LoggedVerdict::kSampled});
  std::vector<LoggedDecision> not_kept(Books::kKeptDecisions, {{{2, 2}}, LoggedVerdict::kNotSampled});
  const auto count = [&] {
    books.forget_old_decisions();
    return books.decisions("tail").size();
  };
  books.decide("tail", 9, {{{{3, 3}}, LoggedVerdict::kSampled}});
  books.decide("tail", 11, {{{{4, 4}}, LoggedVerdict::kSampled}});
  books.decide("tail", 11, {{{{5, 5}}, LoggedVerdict::kNotSampled}});
  CHECK(count() == 3);
  books.decide("tail", 12, kept);
  books.decide("tail", 12, not_kept);
  CHECK(count() == 2 * Books::kKeptDecisions + 1);  // the one at 11, which is younger than the live record
  books.settle(10, SettlementEntry::kEverywhere, {});
  CHECK(count() == 2 * Books::kKeptDecisions);
  CHECK(books.decisions("other").empty());
}

}  // namespace
}  // namespace weir::journal
