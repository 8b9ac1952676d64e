// SPDX-License-Identifier: Apache-2.0
#include "base/thread_shard.h"

#include <algorithm>
#include <atomic>
#include <future>
#include <memory>
#include <thread>
#include <vector>

#include "support/catch.h"

namespace weir {
namespace {

TEST_CASE("tasks of each poster run in order, on the shard's own thread") {
  ThreadShard shard(7);
  CHECK(shard.index() == 7);
  std::vector<int> before;
  shard.post([&before] { before.push_back(1); });
  shard.run();
  constexpr int kPosters = 4;
  constexpr int kTasks = 2000;
  std::vector<std::vector<int>> seen(kPosters);
  std::atomic<int> strangers{0};
  std::promise<std::thread::id> id;
  shard.post([&id] { id.set_value(std::this_thread::get_id()); });
  const std::thread::id own = id.get_future().get();
  CHECK(own != std::this_thread::get_id());
  std::vector<std::thread> posters;
  for (int poster = 0; poster < kPosters; ++poster) {
    posters.emplace_back([&, poster] {
      for (int i = 0; i < kTasks; ++i) {
        shard.post([&, poster, i] {
          seen[static_cast<size_t>(poster)].push_back(i);
          if (std::this_thread::get_id() != own) ++strangers;
        });
      }
    });
  }
  for (std::thread& poster : posters) poster.join();
  std::promise<void> done;
  shard.post([&] { shard.post([&done] { done.set_value(); }); });
  done.get_future().wait();
  CHECK(strangers == 0);
  CHECK(before == std::vector<int>{1});
  for (const auto& list : seen) {
    REQUIRE(list.size() == kTasks);
    CHECK(std::is_sorted(list.begin(), list.end()));
  }
}

TEST_CASE("ticks come between tasks, and without any") {
  ThreadShard shard(0);
  std::atomic<int> ticks{0};
  std::promise<void> third;
  shard.start_ticks(std::chrono::milliseconds(1), [&] {
    if (++ticks == 3) third.set_value();
  });
  shard.run();
  third.get_future().wait();
  shard.stop();
  const int then = ticks;
  CHECK(then >= 3);
  shard.stop();
  CHECK(ticks == then);
}

TEST_CASE("what is left in the inbox is destroyed, not run") {
  const auto token = std::make_shared<int>(1);
  bool ran = false;
  {
    ThreadShard shard(0);
    shard.run();
    shard.stop();
    shard.post([token, &ran] { ran = true; });
    CHECK(token.use_count() == 2);
  }
  CHECK(token.use_count() == 1);
  CHECK_FALSE(ran);
}

}  // namespace
}  // namespace weir
