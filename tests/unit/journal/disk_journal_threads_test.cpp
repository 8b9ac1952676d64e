// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <future>
#include <thread>

#include "base/thread_shard.h"
#include "journal/posix_disk.h"
#include "support/catch.h"
#include "unit/journal/journal_world.h"

namespace weir::journal {
namespace {

// On real threads and a real disk; for ThreadSanitizer more than for its results.
struct Threads {
  explicit Threads(const std::string& directory) : disk(directory) {
    JournalOptions options;
    options.max_bytes = 64 << 20;
    options.segment_bytes = 64 << 10;
    options.checkpoint_bytes = 256 << 10;
    journal = std::make_unique<DiskJournal>(
        DiskJournal::World{&disk, &self, &helper, &clock, &budget, &telemetry, &log}, options);
    REQUIRE(journal->open().empty());
    REQUIRE(journal->set_routes({one_way()}).empty());
    self.start_ticks(std::chrono::milliseconds(1), [this] { journal->tick(clock.now()); });
    for (ThreadShard* shard : {&self, &helper, &first, &second}) shard->run();
  }
  ~Threads() {
    for (ThreadShard* shard : {&first, &second, &self, &helper}) shard->stop();
  }
  std::vector<ReplayRecord> replay(uint64_t after) {
    std::promise<std::vector<ReplayRecord>> got;
    journal->replay(after, 1 << 16, first,
                    [&got](std::vector<ReplayRecord> records, bool) { got.set_value(std::move(records)); });
    return got.get_future().get();
  }
  bool close() {
    std::promise<bool> closed;
    self.post([&] { journal->close([&closed](bool ok) { closed.set_value(ok); }); });
    return closed.get_future().get();
  }

  PosixDisk disk;
  ByteBudget budget{uint64_t{1} << 30};
  test::NoTelemetry telemetry;
  test::QuietLog log;
  SystemClock clock;
  ThreadShard self{0};
  ThreadShard helper{1};
  ThreadShard first{2};
  ThreadShard second{3};
  std::unique_ptr<DiskJournal> journal;
};

TEST_CASE("threads append, settle and read at once, and a second life has what is open") {
  const std::string directory = std::filesystem::temp_directory_path() / ("weir-journal." + std::to_string(getpid()));
  std::filesystem::create_directory(directory);
  constexpr int kRequests = 1500;
  uint64_t open = 0;
  {
    Threads world(directory);
    CHECK(world.replay(0).empty());
    std::atomic<int> answers{0};
    std::atomic<int> reads{0};
    std::atomic<int> refused{0};
    std::atomic<uint64_t> left{0};
    std::promise<void> all;
    const auto context = std::make_shared<Context>();
    for (int i = 0; i < kRequests; ++i) {
      Shard& back = i % 2 == 0 ? world.first : world.second;
      const auto note = [&] {
        if (++answers == 2 * kRequests) all.set_value();
      };
      world.journal->append({Signal::kTraces, 0, 2, BufferRef::copy_of(std::string(1000, 'x')), context,
                             i % 5 == 0 ? Ack::kBuffered : Ack::kDurable},
                            back, [&, i, note](AppendResult result) {
                              refused += result.ok ? 0 : 1;
                              if (!result.ok) return note(), note();
                              const bool stays = i % 100 == 0;
                              left += stays ? 1 : 0;
                              world.journal->read(result.sequence, back, [&, note](BufferRef bytes) {
                                reads += bytes ? 1 : 0;
                                note();
                              });
                              JournalWorld::settle(result.account, kTempo, {0});
                              if (!stays) JournalWorld::settle(result.account, kTempo, {1});
                              note();
                            });
      if (i % 200 == 0) world.journal->checkpoint("c", std::to_string(i), {}, world.first, [](bool) {});
    }
    all.get_future().wait();
    CHECK(reads > 0);
    CHECK(refused == 0);
    CHECK(world.journal->health().accepting);
    CHECK(world.close());
    open = left;
  }
  {
    Threads world(directory);
    uint64_t replayed = 0;
    for (auto records = world.replay(0); !records.empty(); records = world.replay(records.back().sequence)) {
      for (const ReplayRecord& record : records) {
        ++replayed;
        CHECK(record.account->settled_before(kTempo, 0));
        CHECK_FALSE(record.account->settled_before(kTempo, 1));
      }
    }
    CHECK(replayed == open);
  }
  std::filesystem::remove_all(directory);
}

}  // namespace
}  // namespace weir::journal
