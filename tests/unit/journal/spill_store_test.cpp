// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cerrno>

#include "journal_world.h"
#include "support/catch.h"

namespace weir::journal {
namespace {

using test::SimDisk;

size_t spill_files(const SimDisk& disk) {
  const std::vector<std::string> names = disk.names();
  return static_cast<size_t>(
      std::count_if(names.begin(), names.end(), [](const std::string& name) { return name.starts_with("spill-"); }));
}

struct SpillWorld : JournalWorld {
  using JournalWorld::JournalWorld;
  BufferRef paid(const std::string& text) { return BufferRef::copy_of(text, Reservation::take(budget, text.size())); }
  SpilledRef spill(const std::string& text) { return journal->spill(paid(text)); }
};

}  // namespace

TEST_CASE("spill: bytes go to disk, leave memory, and come back by their number") {
  SimDisk disk;
  SpillWorld world(disk);
  const SpilledRef one = world.spill("first"), two = world.spill("and the second");
  CHECK(one->number() != two->number());
  CHECK(world.read(one->number()) == "first");  // before it is written
  world.run(std::chrono::milliseconds(50));
  CHECK(world.budget.used() == 0);
  CHECK_FALSE(one->in_memory());
  CHECK(world.read(two->number()) == "and the second");
  CHECK(world.read(one->number()) == "first");
  CHECK(spill_files(disk) == 1);
}

TEST_CASE("spill: what several hold has one place, and stays in memory as long as one of them holds it") {
  SimDisk disk;
  SpillWorld world(disk);
  BufferRef bytes = world.paid("shared");
  const SpilledRef one = world.journal->spill(bytes);
  CHECK(world.journal->spill(bytes) == one);
  world.run(std::chrono::milliseconds(50));
  CHECK(one->in_memory() == bytes);
  bytes = {};
  world.run(std::chrono::milliseconds(50));
  CHECK(world.budget.used() == 0);
  CHECK(world.read(one->number()) == "shared");
}

TEST_CASE("spill: a file goes when nothing in it is wanted, and with the next start in any case") {
  SimDisk disk;
  {
    SpillWorld world(disk);
    SpilledRef one = world.spill("one"), two = world.spill("two");
    world.run(std::chrono::milliseconds(50));
    one.reset();
    world.run(std::chrono::milliseconds(50));
    CHECK(spill_files(disk) == 1);
    two.reset();
    world.run(std::chrono::milliseconds(50));
    CHECK(spill_files(disk) == 0);
    two = world.spill("three");
    world.run(std::chrono::milliseconds(50));
    CHECK(spill_files(disk) == 1);
    CHECK(world.read(two->number()) == "three");
    disk.put("spill-notes", "not ours");
  }
  const auto after = disk.kill();
  SpillWorld next(*after);
  CHECK(next.error.empty());
  CHECK(after->names() == [&] {
    std::vector<std::string> names = after->names();
    std::erase_if(names, [](const std::string& name) { return name.starts_with("spill-") && name != "spill-notes"; });
    return names;
  }());
  CHECK(after->exists("spill-notes"));
}

TEST_CASE("spill: a disk that takes nothing leaves the bytes in memory, and gets them later") {
  SimDisk disk;
  SpillWorld world(disk);
  disk.fail(SimDisk::Op::kWrite, ENOSPC, 1, 3);
  const SpilledRef one = world.spill("first");
  world.run();
  CHECK(one->in_memory());
  CHECK(world.read(one->number()) == "first");
  disk.heal();
  world.run(std::chrono::milliseconds(100));
  CHECK_FALSE(one->in_memory());
  CHECK(world.read(one->number()) == "first");
}

TEST_CASE("spill: bytes that are forgotten before they are written take no place") {
  SimDisk disk;
  SpillWorld world(disk);
  world.spill("nobody wants it");
  const SpilledRef one = world.spill("first");
  world.run(std::chrono::milliseconds(50));
  CHECK(disk.bytes("spill-1") == "first");
  CHECK(world.read(one->number()) == "first");
}

TEST_CASE("spill: an unreadable place is null") {
  SimDisk disk;
  SpillWorld world(disk);
  const SpilledRef one = world.spill("first");
  world.run(std::chrono::milliseconds(50));
  disk.fail(SimDisk::Op::kRead, EIO);
  CHECK(world.read(one->number()) == "null");
  CHECK(world.read(one->number() + 7) == "null");
}

}  // namespace weir::journal
