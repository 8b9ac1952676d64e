// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "weir/disk.h"

namespace weir::journal {

// A directory of this machine. Interrupted calls are done again; new files are for owner and group only (0640), new
// directories too (0750). Thread-safe; one file by one thread at a time.
class PosixDisk final : public Disk {
 public:
  explicit PosixDisk(std::string directory) : directory_(std::move(directory)) {}
  ~PosixDisk() override;
  PosixDisk(const PosixDisk&) = delete;
  PosixDisk& operator=(const PosixDisk&) = delete;

  // Takes the directory for this process, by a lock on its file `lock`, until this object dies. "" or why not:
  // "/var/lib/weir is in use by process 4711".
  std::string lock();

  int open(const std::string& name, Mode mode, std::unique_ptr<DiskFile>& file) override;
  int list(const std::string& directory, std::vector<std::string>& names) override;
  int make_directory(const std::string& name) override;
  int rename(const std::string& from, const std::string& to) override;
  int remove(const std::string& name) override;
  int sync_directory(const std::string& directory) override;
  int free_bytes(uint64_t& bytes) override;

 private:
  std::string path_of(const std::string& name) const { return name.empty() ? directory_ : directory_ + "/" + name; }

  std::string directory_;
  int lock_ = -1;
};

}  // namespace weir::journal
