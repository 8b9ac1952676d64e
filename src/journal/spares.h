// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

#include "weir/disk.h"

namespace weir::journal {

// Files as long as a segment, with all their blocks in place: writing one over costs no new metadata at each sync.
// Thread-safe; prepare() by one thread at a time.
class Spares {
 public:
  Spares(Disk& disk, uint64_t file_bytes, uint32_t wanted) : disk_(disk), file_bytes_(file_bytes), wanted_(wanted) {}

  // A file that is there already. False where there are enough.
  bool add_found(uint64_t number);
  // Makes one the file `name`. ENOENT where there is none.
  int take(const std::string& name);
  // Makes the file `name` one. False where there are enough, or it cannot be done.
  bool keep(const std::string& name);
  // Writes a new one where one is missing. True where it is there now.
  bool prepare();
  uint64_t bytes() const;

 private:
  int fill(const std::string& name);
  // Segments die several at a time: those are kept beyond what is made anew.
  static constexpr uint32_t kKeptForEachWanted = 4;
  bool has(uint32_t count) const { return ready_.size() + (preparing_ ? 1 : 0) >= count; }
  bool full() const { return has(wanted_ * kKeptForEachWanted); }

  Disk& disk_;
  const uint64_t file_bytes_;
  const uint32_t wanted_;
  mutable std::mutex mutex_;
  std::vector<uint64_t> ready_;
  uint64_t next_ = 1;
  bool preparing_ = false;
};

}  // namespace weir::journal
