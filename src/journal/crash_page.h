// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>

namespace weir::journal {

// The journal's record that this thread is working on; 0: none. Cheap: set it for every batch.
inline constinit thread_local uint64_t current_record = 0;
inline void set_current_record(uint64_t record) { current_record = record; }

// A page on disk in which a process that dies of a signal notes what the thread that died was working on. (SIGKILL
// notes nothing: that is not the record's fault.) One per process, which outlives all threads that work on records.
class CrashPage {
 public:
  CrashPage() = default;
  ~CrashPage();
  CrashPage(const CrashPage&) = delete;
  CrashPage& operator=(const CrashPage&) = delete;

  // Maps the file, which is made where there is none; what is no such page is begun anew. "" or why not.
  std::string open(const std::string& path);
  // How often the process died of each record.
  std::map<uint64_t, int> counts() const;
  // From now on SIGSEGV, SIGBUS, SIGFPE, SIGILL and SIGABRT are noted, and then do what they did before.
  void install();
  // What the signal handler does. Async-signal-safe.
  void note(uint64_t record);

 private:
  struct Page;
  Page* page_ = nullptr;
};

}  // namespace weir::journal
