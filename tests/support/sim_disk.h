// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "weir/disk.h"

namespace weir::test {

// A disk in memory that knows what of it survives a crash, and fails when told to. One thread.
//
// A write is safe after a sync of its file; a create, rename or remove after sync_directory. Of what is not, a power
// cut leaves any legal part: of each 512-byte sector any state that it went through (or a mix of two, torn at some
// byte), of the names the first so many changes. A failed write has written some of its bytes; a failed sync has
// brought some sectors to the disk and never will the others, though reading still gives what was written.
class SimDisk final : public Disk {
 public:
  enum class Op : uint8_t { kOpen, kRead, kWrite, kSync, kTruncate, kSize, kList, kRename, kRemove, kSyncDirectory };
  static constexpr uint64_t kUnlimited = uint64_t{1} << 40;

  explicit SimDisk(uint64_t seed = 1) : random_(seed) {}

  // What is there after the process was killed: everything, still unsynced where it was.
  std::unique_ptr<SimDisk> kill() const;
  // What is there after a power cut. The same `random` gives the same.
  std::unique_ptr<SimDisk> crash(std::mt19937_64& random) const;

  // Faults. The `nth` call of `op` from now on (1: the next), and `times` - 1 after it, give `error`.
  void fail(Op op, int error, uint64_t nth = 1, uint64_t times = 1);
  // Asked at every call; its answer is the call's errno, 0 lets it through. May move a clock for a slow disk.
  std::function<int(Op op, const std::string& name)> on_call;
  void heal();  // no more faults of either kind
  void set_capacity(uint64_t bytes) { capacity_ = bytes; }
  uint64_t used() const;
  uint64_t calls(Op op) const;

  // The bytes as they are read now.
  bool exists(const std::string& name) const { return names_.contains(name); }
  std::vector<std::string> names() const;
  std::string bytes(const std::string& name) const;
  // Changes a file behind its user's back, safe at once. put() makes it where it is not there.
  void put(const std::string& name, std::string content);
  void corrupt(const std::string& name, uint64_t offset, std::string_view bytes);
  void flip_bit(const std::string& name, uint64_t offset, uint32_t bit);
  void zero(const std::string& name, uint64_t offset, uint64_t size);
  void cut(const std::string& name, uint64_t size);
  void drop(const std::string& name);

  int open(const std::string& name, Mode mode, std::unique_ptr<DiskFile>& file) override;
  int list(const std::string& directory, std::vector<std::string>& names) override;
  int make_directory(const std::string& name) override;
  int rename(const std::string& from, const std::string& to) override;
  int remove(const std::string& name) override;
  int sync_directory(const std::string& directory) override;
  int free_bytes(uint64_t& bytes) override;

 private:
  class File;
  // A write, or with `cut_to` a truncation, that was not synced.
  struct Change {
    uint64_t offset = 0;
    std::string bytes;
    bool cut = false;
  };
  struct Node {
    std::string now;              // as it is read
    std::string safe;             // as it is on the disk for sure
    std::vector<Change> changes;  // from `safe` to `now`
  };
  using NodeRef = std::shared_ptr<Node>;
  using Names = std::map<std::string, NodeRef>;
  // `to` is `node` now; `from`, where it is not empty, is no more. Without a node: `from` is removed.
  struct NameChange {
    std::string from;
    std::string to;
    NodeRef node;
  };
  struct Fault {
    Op op;
    int error;
    uint64_t first;
    uint64_t last;
  };

  static std::string survivor(const Node& node, std::mt19937_64& random);
  static void apply(const NameChange& change, Names& names);
  int asked(Op op, const std::string& name);
  uint64_t room() const { return capacity_ > used() ? capacity_ - used() : 0; }
  int write(Node& node, const std::string& name, uint64_t offset, std::span<const std::string_view> pieces);
  int sync(Node& node, const std::string& name);
  Node& at(const std::string& name);

  std::mt19937_64 random_;
  Names names_;
  Names safe_names_;
  std::vector<NameChange> name_changes_;
  std::vector<std::string> directories_{""};
  uint64_t capacity_ = kUnlimited;
  std::vector<Fault> faults_;
  std::map<Op, uint64_t> calls_;
};

}  // namespace weir::test
