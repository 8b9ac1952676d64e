// SPDX-License-Identifier: Apache-2.0
#include "journal/crash_page.h"

#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>

#include "support/catch.h"

namespace weir::journal {
namespace {

struct PageFile {
  PageFile() { path = "/tmp/weir-crash-page." + std::to_string(getpid()); }
  ~PageFile() { std::remove(path.c_str()); }
  std::string path;
};

// A process that dies of a signal while it works on a record; by which signal it died.
int die(const std::string& path, uint64_t record, int signal) {
  const pid_t child = fork();
  if (child == 0) {
    std::signal(signal, SIG_DFL);  // not the test's own
    CrashPage page;
    if (!page.open(path).empty()) _exit(1);
    page.install();
    set_current_record(record);
    raise(signal);
    _exit(0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

TEST_CASE("a process that dies of a signal notes what it was working on") {
  PageFile file;
  for (const int signal : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT}) CHECK(die(file.path, 42, signal) == signal);
  CHECK(die(file.path, 7, SIGABRT) == SIGABRT);
  CHECK(die(file.path, 0, SIGABRT) == SIGABRT);
  CHECK(die(file.path, 8, SIGKILL) == SIGKILL);
  CrashPage page;
  REQUIRE(page.open(file.path).empty());
  CHECK(page.counts() == std::map<uint64_t, int>{{7, 1}, {42, 5}});
}

TEST_CASE("a full crash page forgets the oldest records") {
  PageFile file;
  CrashPage page;
  REQUIRE(page.open(file.path).empty());
  for (uint64_t record = 1; record <= 300; ++record) page.note(record);
  page.note(300);
  const auto counts = page.counts();
  CHECK(counts.size() == 255);
  CHECK(counts.begin()->first == 46);
  CHECK(counts.at(300) == 2);
}

TEST_CASE("a file that is no crash page is begun anew, one that cannot be made is an error") {
  PageFile file;
  std::ofstream(file.path) << std::string(5000, 'x');
  CrashPage page;
  CHECK(page.open(file.path).empty());
  CHECK(page.counts().empty());
  CrashPage other;
  CHECK(other.open("/nowhere/crash").find("No such file") != std::string::npos);
}

}  // namespace
}  // namespace weir::journal
