// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/functional/any_invocable.h"
#include "weir/batch.h"
#include "weir/budget.h"
#include "weir/disk.h"
#include "weir/log.h"
#include "weir/shard.h"

namespace weir::journal {

// Bytes that no record holds, on disk while memory is short (DESIGN §5): what processors made of journaled requests.
// Files spill-<n> beside the log, never synced; the next start deletes them, as replay makes the bytes again. A file
// goes when nothing in it is wanted. Thread-safe; the disk is touched on the shard `helper` only.
class SpillStore : public std::enable_shared_from_this<SpillStore> {
 public:
  struct World {
    Disk* disk = nullptr;
    Shard* helper = nullptr;
    ByteBudget* budget = nullptr;
    Log* log = nullptr;
  };
  explicit SpillStore(World world) : world_(world) {}

  // Before any shard runs: what the last process left.
  void delete_old();

  // Several shards that let go of one buffer get one place. Where the disk does not take them, they stay in memory.
  SpilledRef put(BufferRef bytes);
  static bool has_number(uint64_t number) { return (number & kMark) != 0; }
  // Null where they cannot be read. The memory is taken even beyond the budget.
  void read(uint64_t number, Shard& back, absl::AnyInvocable<void(BufferRef)> done);

  // `room`: how much may be on disk. Frees what has been written and what is not wanted any more.
  void tick(uint64_t room);
  uint64_t disk_bytes() const { return disk_bytes_.load(std::memory_order_relaxed); }

 private:
  static constexpr uint64_t kMark = uint64_t{1} << 63;  // in no record's number
  static constexpr uint64_t kFileBytes = 16 << 20;

  class Place;
  struct Entry {
    BufferRef bytes;    // while it is in memory
    uint64_t file = 0;  // 0: not written yet
    uint64_t offset = 0;
    uint32_t size = 0;
  };
  struct File {
    std::unique_ptr<DiskFile> disk;  // used on `helper`
    uint64_t end = 0;
    uint64_t wanted = 0;  // entries
  };

  void forget(uint64_t number);
  BufferRef in_memory(uint64_t number) const;
  void wake();
  void work();  // on `helper`
  bool write_next();
  File* file_for(uint64_t size);
  void wrote(uint64_t number, uint64_t file, uint64_t offset, int error);
  void let_go_of_written();
  void delete_unwanted();
  BufferRef read_back(uint64_t number);

  const World world_;
  std::atomic<uint64_t> disk_bytes_{0};
  std::atomic<uint64_t> room_{UINT64_MAX};
  std::atomic<bool> awake_{false};

  mutable std::mutex mutex_;  // guards all below, but not the disk behind a File
  uint64_t last_number_ = 0;
  std::map<uint64_t, Entry> entries_;
  absl::flat_hash_map<const Buffer*, std::weak_ptr<const Place>> by_buffer_;  // of what is in memory
  std::deque<uint64_t> unwritten_;
  std::map<uint64_t, File> files_;  // the last one is written to
  uint64_t last_file_ = 0;
  bool failing_ = false;
};

}  // namespace weir::journal
