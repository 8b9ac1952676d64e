// SPDX-License-Identifier: Apache-2.0
#include "journal/posix_disk.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <vector>

#include "support/catch.h"

namespace weir::journal {
namespace {

struct Directory {
  Directory() {
    char name[] = "/tmp/weir-disk-XXXXXX";
    REQUIRE(mkdtemp(name) != nullptr);
    path = name;
  }
  ~Directory() { std::filesystem::remove_all(path); }
  std::string path;
};

std::string read_all(DiskFile& file) {
  std::string bytes(1 << 20, '?');
  size_t got = 0;
  REQUIRE(file.read(0, bytes.data(), bytes.size(), got) == 0);
  bytes.resize(got);
  return bytes;
}

mode_t mode_of(const std::string& path) {
  struct stat status {};
  REQUIRE(stat(path.c_str(), &status) == 0);
  return status.st_mode & 07777;
}

}  // namespace

TEST_CASE("a file is written in pieces, read, cut and synced") {
  Directory directory;
  PosixDisk disk(directory.path);
  std::unique_ptr<DiskFile> file;
  REQUIRE(disk.open("a", Disk::Mode::kRead, file) == ENOENT);
  REQUIRE(disk.open("a", Disk::Mode::kCreate, file) == 0);
  const std::vector<std::string_view> pieces = {"one", "", "two"};
  REQUIRE(file->write(2, pieces) == 0);
  CHECK(read_all(*file) == std::string("\0\0onetwo", 8));
  CHECK(file->truncate(5) == 0);
  CHECK(file->sync() == 0);
  uint64_t size = 0;
  CHECK((file->size(size) == 0 && size == 5));
  CHECK(mode_of(directory.path + "/a") == 0640);
  REQUIRE(disk.open("a", Disk::Mode::kRead, file) == 0);
  CHECK(file->write(0, pieces) == EBADF);
  REQUIRE(disk.open("a", Disk::Mode::kCreate, file) == 0);
  CHECK(read_all(*file).empty());
}

TEST_CASE("more pieces than one call takes are written") {
  Directory directory;
  PosixDisk disk(directory.path);
  std::unique_ptr<DiskFile> file;
  REQUIRE(disk.open("a", Disk::Mode::kCreate, file) == 0);
  std::vector<std::string> texts;
  std::string expected;
  for (int i = 0; i < 5000; ++i) expected += texts.emplace_back(std::to_string(i) + std::string(i % 7, 'x'));
  const std::vector<std::string_view> pieces(texts.begin(), texts.end());
  REQUIRE(file->write(0, pieces) == 0);
  CHECK(read_all(*file) == expected);
}

TEST_CASE("a write that is cut short is continued until it says why") {
  Directory directory;
  PosixDisk disk(directory.path);
  std::unique_ptr<DiskFile> file;
  REQUIRE(disk.open("a", Disk::Mode::kCreate, file) == 0);
  // The limit makes one call write a part, and the next one fail.
  rlimit before{};
  REQUIRE(getrlimit(RLIMIT_FSIZE, &before) == 0);
  const auto handler = signal(SIGXFSZ, SIG_IGN);
  const rlimit small{1000, before.rlim_max};
  REQUIRE(setrlimit(RLIMIT_FSIZE, &small) == 0);
  const std::string text(600, 'x');
  const std::vector<std::string_view> pieces = {text, text};
  const int error = file->write(0, pieces);
  REQUIRE(setrlimit(RLIMIT_FSIZE, &before) == 0);
  signal(SIGXFSZ, handler);
  CHECK(error == EFBIG);
  CHECK(read_all(*file).size() == 1000);
}

TEST_CASE("names are listed, changed and removed") {
  Directory directory;
  PosixDisk disk(directory.path);
  std::unique_ptr<DiskFile> file;
  REQUIRE(disk.make_directory("quarantine") == 0);
  REQUIRE(disk.make_directory("quarantine") == 0);
  CHECK(mode_of(directory.path + "/quarantine") == 0750);
  for (const char* name : {"a", "b", "quarantine/7"}) REQUIRE(disk.open(name, Disk::Mode::kCreate, file) == 0);
  REQUIRE(disk.rename("a", "c") == 0);
  CHECK(disk.rename("a", "c") == ENOENT);
  REQUIRE(disk.remove("b") == 0);
  CHECK(disk.remove("b") == ENOENT);
  CHECK(disk.sync_directory("") == 0);
  CHECK(disk.sync_directory("none") == ENOENT);
  std::vector<std::string> names;
  REQUIRE(disk.list("", names) == 0);
  CHECK(names == std::vector<std::string>{"c"});
  REQUIRE(disk.list("quarantine", names) == 0);
  CHECK(names == std::vector<std::string>{"7"});
  CHECK(disk.list("none", names) == ENOENT);
  uint64_t free = 0;
  CHECK((disk.free_bytes(free) == 0 && free > 0));
}

TEST_CASE("a directory belongs to one process, and the second is told whose it is") {
  Directory directory;
  PosixDisk first(directory.path);
  REQUIRE(first.lock().empty());
  REQUIRE(first.lock().empty());
  const std::string taken = directory.path + " is in use by process " + std::to_string(getpid());
  CHECK(PosixDisk(directory.path).lock() == taken);
  const pid_t child = fork();
  if (child == 0) _exit(PosixDisk(directory.path).lock() == taken ? 0 : 1);
  int status = -1;
  REQUIRE(waitpid(child, &status, 0) == child);
  CHECK(status == 0);
  CHECK(PosixDisk(directory.path + "/none").lock() == directory.path + "/none/lock: No such file or directory");
}

TEST_CASE("the lock goes with its holder") {
  Directory directory;
  CHECK(PosixDisk(directory.path).lock().empty());
  CHECK(PosixDisk(directory.path).lock().empty());
}

}  // namespace weir::journal
