// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace weir {

// The door to the disk (DESIGN law 8). Every call says what went wrong as an errno value, 0 where nothing did. After a
// failed write or sync the content of what was not yet synced is unknown.
class DiskFile {
 public:
  virtual ~DiskFile() = default;  // closes; nothing is synced by that
  // Writes all pieces one after another at `offset`; short writes are continued.
  virtual int write(uint64_t offset, std::span<const std::string_view> pieces) = 0;
  // Reads up to `size` bytes; `got` is less only at the end of the file.
  virtual int read(uint64_t offset, char* to, size_t size, size_t& got) = 0;
  virtual int sync() = 0;  // fdatasync
  virtual int truncate(uint64_t size) = 0;
  virtual int size(uint64_t& bytes) = 0;
};

// One directory with files and one level of directories in it; names are relative ("quarantine/7"). Files may be used
// from several threads, each by one at a time.
class Disk {
 public:
  enum class Mode : uint8_t { kRead, kReadWrite, kCreate };  // kCreate: new, or emptied where it was there

  virtual ~Disk() = default;
  virtual int open(const std::string& name, Mode mode, std::unique_ptr<DiskFile>& file) = 0;
  // Names of files in `directory` ("" is the top), in no order.
  virtual int list(const std::string& directory, std::vector<std::string>& names) = 0;
  virtual int make_directory(const std::string& name) = 0;  // 0 where it is there already
  virtual int rename(const std::string& from, const std::string& to) = 0;
  virtual int remove(const std::string& name) = 0;
  virtual int sync_directory(const std::string& directory) = 0;
  virtual int free_bytes(uint64_t& bytes) = 0;  // of the file system
};

}  // namespace weir
