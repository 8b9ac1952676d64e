// SPDX-License-Identifier: Apache-2.0
#include "net/event_loops.h"

#include <algorithm>
#include <atomic>
#include <csignal>
#include <set>
#include <thread>
#include <vector>

#include "loop_fixture.h"

using namespace weir;
using namespace weir::net;
using namespace weir::net::test;

TEST_CASE("tasks of one poster run in their order, on the shard's own thread") {
  Loops world(2);
  world.loops.run();
  constexpr int kPosters = 4;
  constexpr int kEach = 20000;
  std::vector<std::vector<int>> seen(kPosters);
  std::set<std::thread::id> threads;
  std::vector<std::thread> posters;
  for (int p = 0; p < kPosters; ++p) {
    posters.emplace_back([&, p] {
      for (int i = 0; i < kEach; ++i) {
        world.loops.at(1).post([&, p, i] {
          seen[static_cast<size_t>(p)].push_back(i);
          if (i % 1000 == 0) threads.insert(std::this_thread::get_id());
        });
      }
    });
  }
  for (std::thread& poster : posters) poster.join();
  on(world.loops.at(1), [] { return true; });
  CHECK(threads.size() == 1);
  for (const std::vector<int>& order : seen) {
    REQUIRE(order.size() == kEach);
    CHECK(std::is_sorted(order.begin(), order.end()));
  }
}

TEST_CASE("a task that a shard posts to itself runs after those that were posted before") {
  Loops world(1);
  std::string order;
  Promised<bool> done;
  world.loops.at(0).post([&] {
    order += 'a';
    world.loops.at(0).post([&] {
      order += 'c';
      done.set(true);
    });
  });
  world.loops.at(0).post([&] { order += 'b'; });
  world.loops.run();
  done.wait();
  CHECK(order == "abc");
}

TEST_CASE("nothing else runs during exclusive work") {
  Loops world(3);
  std::vector<int64_t> counters(3, 0);
  std::function<void(uint32_t)> spin = [&](uint32_t i) {
    ++counters[i];  // not atomic: the barrier alone makes reading it right
    world.loops.at(i).post([&, i] { spin(i); });
  };
  for (uint32_t i = 0; i < 3; ++i) world.loops.at(i).post([&, i] { spin(i); });
  world.loops.run();
  for (int round = 0; round < 100; ++round) {
    bool still = true;
    world.loops.run_exclusive([&] {
      const std::vector<int64_t> before = counters;
      for (int i = 0; i < 20; ++i) std::this_thread::yield();
      still = before == counters;
    });
    CHECK(still);
  }
  world.loops.stop();
  world.loops.join();
}

TEST_CASE("exclusive work asked for by several loops at once ends, and each caller is told on its own loop") {
  Loops world(3);
  world.loops.run();
  constexpr int kRounds = 300;
  std::atomic<int> wrong{0};
  int64_t total = 0;  // touched in exclusive work only
  std::vector<Promised<bool>> finished(3);
  std::function<void(uint32_t, int)> ask = [&](uint32_t i, int left) {
    const auto here = std::this_thread::get_id();
    world.loops.exclusive([&] { ++total; },
                          [&, i, left, here] {
                            if (std::this_thread::get_id() != here) ++wrong;
                            left == 1 ? finished[i].set(true) : ask(i, left - 1);
                          });
  };
  for (uint32_t i = 0; i < 3; ++i) world.loops.at(i).post([&, i] { ask(i, kRounds); });
  for (auto& one : finished) one.wait();
  CHECK(wrong == 0);
  CHECK(total == 3 * kRounds);
}

TEST_CASE("exclusive work without running loops, and work that stop() overtakes, is still done") {
  Loops world(2);
  int done = 0;
  world.loops.run_exclusive([&] { ++done; });
  CHECK(done == 1);
  world.loops.run();
  for (int i = 0; i < 50; ++i) world.loops.exclusive([&] { ++done; }, [] {});
  world.loops.stop();
  world.loops.join();
  CHECK(done == 51);
  world.loops.run_exclusive([&] { ++done; });
  CHECK(done == 52);
}

TEST_CASE("ticks come to every shard, with a time that does not go back") {
  Loops world(2);
  struct Seen {
    int count = 0;
    Time last;
    bool in_order = true;
    Promised<bool> enough;
  };
  std::vector<Seen> seen(2);
  world.loops.start_ticks(std::chrono::milliseconds(2), [&](uint32_t shard, Time now) {
    Seen& mine = seen[shard];
    mine.in_order &= now.mono >= mine.last.mono;
    mine.last = now;
    if (++mine.count == 10) mine.enough.set(true);
  });
  const auto start = std::chrono::steady_clock::now();
  world.loops.run();
  for (Seen& mine : seen) mine.enough.wait();
  CHECK(std::chrono::steady_clock::now() - start >= std::chrono::milliseconds(18));
  world.loops.stop();
  world.loops.join();
  for (const Seen& mine : seen) CHECK(mine.in_order);
}

TEST_CASE("signals come to loop 0, and do nothing once the loops are gone") {
  {
    Loops world(2);
    Promised<std::thread::id> came;
    world.loops.on_signal(SIGUSR1, [&] { came.set(std::this_thread::get_id()); });
    world.loops.on_signal(SIGUSR2, {});
    world.loops.run();
    ::raise(SIGUSR2);  // would end the process
    ::raise(SIGUSR1);
    CHECK(came.wait() == on(world.loops.at(0), [] { return std::this_thread::get_id(); }));
  }
  ::raise(SIGUSR1);
}

TEST_CASE("tasks that are left at the end are destroyed, not run") {
  auto held = std::make_shared<int>(1);
  bool ran = false;
  {
    Loops world(1);
    world.loops.at(0).post([held, &ran] { ran = true; });
    CHECK(held.use_count() == 2);
  }
  CHECK(held.use_count() == 1);
  CHECK_FALSE(ran);
}
