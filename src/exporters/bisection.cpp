// SPDX-License-Identifier: Apache-2.0
#include "exporters/bisection.h"

#include <algorithm>
#include <utility>

#include "otlp/batch_ops.h"

namespace weir {

namespace {

// Where a batch of several items is halved: between records, or between the points of a metric that is alone.
uint64_t middle_of(const Batch& batch, uint64_t items) {
  uint64_t middle = items / 2;
  if (batch.signal != Signal::kTraces && batch.items.size() > 1) {
    middle = 0;
    for (size_t i = 0; i < batch.items.size() / 2; ++i) middle += batch.items[i].count;
  }
  return std::clamp<uint64_t>(middle, 1, items - 1);
}

}  // namespace

bool Bisection::refused(Batch& piece) {
  const uint64_t items = piece.item_count();
  if (splits_left_ == 0 || items < 2) return false;
  --splits_left_;
  rest_.push_back(otlp::split_front(piece, middle_of(piece, items)));
  rest_.push_back(std::move(piece));
  return next(piece);
}

// Its halves come before everything else: all pieces of a large request at once would be many.
bool Bisection::too_large(Batch& piece) {
  const uint64_t items = piece.item_count();
  if (items < 2) return false;
  Batch front = otlp::split_front(piece, middle_of(piece, items));
  rest_.push_front(std::exchange(piece, std::move(front)));
  return true;
}

bool Bisection::next(Batch& piece) {
  if (rest_.empty()) return false;
  piece = std::move(rest_.front());
  rest_.pop_front();
  return true;
}

}  // namespace weir
