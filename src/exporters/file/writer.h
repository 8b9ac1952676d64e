// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "exporters/file/config.h"
#include "weir/clock.h"

namespace weir {

// A file that whole messages are appended to, with rotation. Thread-safe: the exporters of several signals share one.
class FileWriter {
 public:
  // The writer of that path: the one that is open already, or a new one. Throws std::runtime_error where it cannot be
  // opened.
  static std::shared_ptr<FileWriter> open(const FileConfig& config);

  explicit FileWriter(const FileConfig& config);
  ~FileWriter();
  FileWriter(const FileWriter&) = delete;
  FileWriter& operator=(const FileWriter&) = delete;

  // Writes all of `data` or, on an error, none of it; returns what went wrong or "". `wall` names a backup.
  std::string write(std::string_view data, Duration wall);

 private:
  void open_file(bool truncate);
  std::string rotate(Duration wall);
  std::string backup_name(Duration wall) const;
  void remove_old_backups(Duration wall) const;
  std::string write_all(std::string_view data);

  const FileConfig config_;
  const uint64_t limit_;  // bytes of one file; 0 = none
  std::mutex mutex_;
  int fd_ = -1;
  bool is_regular_ = false;
  uint64_t size_ = 0;
};

}  // namespace weir
