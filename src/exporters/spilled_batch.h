// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "absl/container/inlined_vector.h"
#include "absl/functional/any_invocable.h"
#include "weir/batch.h"
#include "weir/budget.h"
#include "weir/journal.h"
#include "weir/shard.h"

namespace weir {

// A batch that waits while memory is short: only which items of which requests it has. Their bytes are in the journal's
// records; what was rewritten is spilled.
class SpilledBatch {
 public:
  struct Stores {
    Journal& journal;
    ByteBudget& budget;
  };
  // True where all of a batch can be read back.
  static bool possible(const Batch& batch);
  // The bytes live on while others hold them.
  SpilledBatch(const Batch& batch, const Stores& stores);

  // Items of a record that cannot be read any more.
  struct Lost {
    Part part;
    std::vector<uint32_t> items;
  };
  using Done = absl::AnyInvocable<void(Batch batch, std::vector<Lost> lost)>;
  // The batch as it was, less what is lost; `done` is called on `home`. The memory is taken even beyond the budget.
  void read_back(Journal& journal, Shard& home, Done done) const;

  uint64_t bytes() const { return bytes_; }  // of the requests, read back

 private:
  struct Piece {
    Part part;                    // without bytes
    std::vector<uint32_t> items;  // of a record: ascending; of what is spilled: as they lie there
    uint32_t whole = 0;           // all items of the record, so many: `items` is empty
  };
  static std::vector<uint32_t> items_of(const Piece& piece);
  void pay(ByteBudget& budget);
  void leave_to_journal(const Batch& batch, Piece& piece);
  void spill(const Batch& batch, std::span<const uint32_t> indices, Piece& piece, const Stores& stores);
  struct Reading;
  static void assemble(const Piece& piece, Signal signal, BufferRef bytes, Batch& out, std::vector<Lost>& lost);

  Signal signal_;
  ContextRef context_;  // null where no metadata is kept: nobody behind the queue asks for the rest
  absl::InlinedVector<Piece, 1> pieces_;
  uint64_t bytes_ = 0;
  Reservation paid_;  // for all of this
};

}  // namespace weir
