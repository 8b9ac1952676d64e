// SPDX-License-Identifier: Apache-2.0
#include "support/sim_disk.h"

#include <cerrno>
#include <set>

#include "support/catch.h"

namespace weir::test {
namespace {

std::unique_ptr<DiskFile> make(SimDisk& disk, const std::string& name) {
  std::unique_ptr<DiskFile> file;
  REQUIRE(disk.open(name, Disk::Mode::kCreate, file) == 0);
  return file;
}

int write(DiskFile& file, uint64_t offset, std::string_view bytes) { return file.write(offset, {&bytes, 1}); }

// All that `look` sees in many crashes of a disk.
template <class Look>
std::set<std::string> seen(const SimDisk& disk, Look look) {
  std::mt19937_64 random(7);
  std::set<std::string> all;
  for (int i = 0; i < 2000; ++i) all.insert(look(*disk.crash(random)));
  return all;
}

}  // namespace

TEST_CASE("what is synced survives every crash") {
  SimDisk disk;
  const auto file = make(disk, "a");
  REQUIRE(write(*file, 0, std::string(2000, 'x')) == 0);
  REQUIRE(file->sync() == 0);
  REQUIRE(disk.sync_directory("") == 0);
  CHECK(seen(disk, [](SimDisk& left) { return left.bytes("a"); }) == std::set{std::string(2000, 'x')});
}

TEST_CASE("each sector that is not synced survives or not, whole or torn") {
  SimDisk disk;
  const auto file = make(disk, "a");
  REQUIRE(write(*file, 0, std::string(1024, '.')) == 0);
  REQUIRE((file->sync() == 0 && disk.sync_directory("") == 0));
  REQUIRE(write(*file, 0, std::string(1024, 'x')) == 0);
  REQUIRE(write(*file, 0, std::string(1024, 'y')) == 0);
  const std::set<std::string> states = seen(disk, [](SimDisk& left) { return left.bytes("a"); });
  for (char first : {'.', 'x', 'y'}) {
    for (char second : {'.', 'x', 'y'}) CHECK(states.contains(std::string(512, first) + std::string(512, second)));
  }
  CHECK(states.size() > 9);  // the torn ones
  for (const std::string& state : states) CHECK(state.size() == 1024);
}

TEST_CASE("names survive in the order they were changed, once their directory is synced for sure") {
  SimDisk disk;
  make(disk, "a");
  REQUIRE(disk.sync_directory("") == 0);
  make(disk, "b");
  REQUIRE(disk.rename("a", "c") == 0);
  REQUIRE(disk.remove("b") == 0);
  const auto names = [](SimDisk& left) {
    std::string all;
    for (const std::string& name : left.names()) all += name;
    return all;
  };
  CHECK(seen(disk, names) == std::set<std::string>{"a", "ab", "bc", "c"});
  REQUIRE(disk.sync_directory("") == 0);
  CHECK(seen(disk, names) == std::set<std::string>{"c"});
}

TEST_CASE("a kill leaves everything, and what was not synced still is not") {
  SimDisk disk;
  const auto file = make(disk, "a");
  REQUIRE(write(*file, 0, "text") == 0);
  const auto left = disk.kill();
  REQUIRE(write(*file, 0, "more") == 0);
  CHECK(left->bytes("a") == "text");
  CHECK(seen(*left, [](SimDisk& cut) { return std::string(cut.exists("a") ? "there" : "gone"); }).size() == 2);
}

TEST_CASE("after a failed sync reading still gives what no later sync brings to the disk") {
  SimDisk disk(3);
  const auto file = make(disk, "a");
  REQUIRE((file->sync() == 0 && disk.sync_directory("") == 0));
  REQUIRE(write(*file, 0, std::string(512 * 40, 'x')) == 0);
  disk.fail(SimDisk::Op::kSync, EIO);
  CHECK(file->sync() == EIO);
  CHECK(file->sync() == 0);
  CHECK(disk.bytes("a") == std::string(512 * 40, 'x'));
  const std::set<std::string> states = seen(disk, [](SimDisk& left) { return left.bytes("a"); });
  REQUIRE(states.size() == 1);
  CHECK(*states.begin() != disk.bytes("a"));
}

TEST_CASE("faults come when they were ordered") {
  SimDisk disk;
  const auto file = make(disk, "a");
  disk.fail(SimDisk::Op::kWrite, EIO, 2, 2);
  CHECK(write(*file, 0, "a") == 0);
  CHECK(write(*file, 0, "b") == EIO);
  CHECK(write(*file, 0, "c") == EIO);
  CHECK(write(*file, 0, "d") == 0);
  CHECK(disk.bytes("a") == "d");
  std::unique_ptr<DiskFile> other;
  disk.on_call = [](SimDisk::Op, const std::string&) { return EROFS; };
  CHECK(disk.open("b", Disk::Mode::kCreate, other) == EROFS);
  CHECK(disk.rename("a", "b") == EROFS);
  CHECK(disk.remove("a") == EROFS);
  CHECK(disk.sync_directory("") == EROFS);
  disk.heal();
  CHECK(disk.rename("a", "b") == 0);
}

TEST_CASE("a full disk takes what fits") {
  SimDisk disk;
  disk.set_capacity(10);
  const auto file = make(disk, "a");
  CHECK(write(*file, 0, "12345678") == 0);
  CHECK(write(*file, 8, "90abc") == ENOSPC);
  CHECK(disk.bytes("a") == "1234567890");
  CHECK(write(*file, 4, "xxxx") == 0);
  uint64_t free = 1;
  CHECK((disk.free_bytes(free) == 0 && free == 0));
  REQUIRE(disk.remove("a") == 0);
  CHECK((disk.free_bytes(free) == 0 && free == 10));
}

TEST_CASE("content is changed behind the user's back") {
  SimDisk disk;
  const auto file = make(disk, "a");
  disk.put("a", "abcdef");
  disk.flip_bit("a", 0, 1);
  disk.zero("a", 2, 1);
  disk.corrupt("a", 5, "XYZ");
  char bytes[8];
  size_t got = 0;
  REQUIRE(file->read(0, bytes, sizeof bytes, got) == 0);
  CHECK(std::string(bytes, got) == std::string("cb\0deX", 6));
  disk.cut("a", 1);
  CHECK(disk.bytes("a") == "c");
  disk.drop("a");
  CHECK_FALSE(disk.exists("a"));
}

}  // namespace weir::test
