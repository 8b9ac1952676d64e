// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <mutex>
#include <string>

#include "weir/clock.h"

namespace weir {

// A small file with a secret that is replaced while the process runs. Looked at again at most once a second; while it
// cannot be read, what was read last stays. Any thread.
class WatchedFile {
 public:
  WatchedFile(std::string path, const Clock& clock) : path_(std::move(path)), clock_(clock) {}

  // Reads it for the first time. "" or what is wrong.
  std::string open();
  // Where the file was read anew since `version` was set, its content and the new version.
  bool changed_since(uint64_t& version, std::string& content);

 private:
  bool read();

  const std::string path_;
  const Clock& clock_;
  std::mutex mutex_;  // guards what follows
  std::string content_;
  uint64_t version_ = 0;  // 0 = never read
  Duration next_look_{0};
  struct stat seen_ {};
};

}  // namespace weir
