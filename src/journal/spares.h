// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

#include "weir/disk.h"

namespace weir::journal {

// Files as long as a segment, with all their blocks in place: writing one over costs no new metadata at each sync.
// The last `reserve` of them no segment is made of: they are given up for what must be written on a full disk.
// Thread-safe; place() and prepare() by one thread at a time.
class Spares {
 public:
  // `wanted`: how many are made ahead, the reserve among them.
  Spares(Disk& disk, uint64_t file_bytes, uint32_t wanted, uint32_t reserve)
      : disk_(disk), file_bytes_(file_bytes), wanted_(wanted), reserve_(reserve) {}

  // A file that is there already. False where there are enough.
  bool add_found(uint64_t number);
  enum class Taken : uint8_t { kNone, kRenamed, kPlaced };  // kPlaced: its name is on disk already
  // Makes one of `bytes` the file `name`; waits while that is being placed.
  Taken take(const std::string& name, uint64_t bytes);
  // Makes one the file `name` beforehand, for good: the next take() of that name has nothing to wait for. Nothing
  // happens where one is placed, or that name or a later one was taken already.
  void place(const std::string& name);
  // Makes the file `name` one. False where there are enough, or it cannot be done.
  bool keep(const std::string& name);
  // Writes a new one where one is missing and the disk has room for more than that. True where it is there now.
  bool prepare();
  // Deletes one, the reserve too, so that the disk has room for settlements and a checkpoint.
  void give_up_one();
  bool has_reserve() const;
  uint64_t bytes() const;

 private:
  int fill(const std::string& name);
  bool disk_has_room() const;
  Taken drop_placed(const std::string& placed);
  // Segments die several at a time: those are kept beyond what is made anew.
  static constexpr uint32_t kKeptForEachWanted = 4;
  size_t count() const { return ready_.size() + (preparing_ ? 1 : 0) + (placing_ || !placed_.empty() ? 1 : 0); }
  bool full() const { return count() >= wanted_ * kKeptForEachWanted; }

  Disk& disk_;
  const uint64_t file_bytes_;
  const uint32_t wanted_;
  const uint32_t reserve_;
  mutable std::mutex mutex_;
  std::condition_variable placed_or_not_;
  bool placing_ = false;
  std::string placed_;      // "": none
  std::string last_taken_;  // names of segments are in order
  std::vector<uint64_t> ready_;
  uint64_t next_ = 1;
  bool preparing_ = false;
};

}  // namespace weir::journal
