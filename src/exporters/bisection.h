// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>

#include "weir/batch.h"

namespace weir {

// Takes one request apart that its destination refused because of something in it: halves are sent one after another,
// the front one first, until what is bad is alone. Whoever sends keeps the piece that is under way; the others wait
// here.
//
// A request is halved at most kMostSplits times for being refused, so it is sent at most 1 + 2 * kMostSplits times
// (63). Large pieces are halved before small ones, so that what is dropped with bad items at the end of that is little.
class Bisection {
 public:
  static constexpr uint32_t kMostSplits = 31;

  // The piece was refused: `piece` is what is to be sent next. False where it is not to be halved (it is one item, or
  // no splits are left): `piece` is as before.
  bool refused(Batch& piece);
  // The same for a piece that is too large; bounded by its items alone.
  bool too_large(Batch& piece);
  // The piece is settled: puts the next one into `piece`. False where there is none.
  bool next(Batch& piece);

  bool empty() const { return rest_.empty(); }
  // What still waits, in no particular order.
  template <class Visit>
  void for_each(const Visit& visit) const {
    for (const Batch& piece : rest_) visit(piece);
  }

 private:
  std::deque<Batch> rest_;
  uint32_t splits_left_ = kMostSplits;
};

}  // namespace weir
