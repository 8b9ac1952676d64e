// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "ottl/edit.h"
#include "ottl/frame.h"
#include "weir/batch.h"
#include "weir/budget.h"

namespace weir::ottl {

// Writes changed messages of one batch anew and points its records at them; what is not changed stays where it is.
// Each request whose bytes are changed gets one new part (same origin, sequence and destination). Until finish() the
// changed records cannot be read.
class Rewriter {
 public:
  // For many batches, one after the other: keeps its memory.
  void start(Batch& batch);

  void span(SpanRecord& span, const MessageEdit& edit);
  void item(ItemRecord& item, const MessageEdit& edit);
  void resource(uint32_t index, const LevelState& level);
  void scope(uint32_t index, const LevelState& level);
  // The parts become real. Parts that nothing refers to any more are dropped. New bytes are taken from the budget even
  // beyond its limit: they stand for others that were admitted.
  void finish(ByteBudget* budget);
  bool changed() const { return !outputs_.empty(); }

 private:
  struct Output {
    uint32_t old_part = 0;
    uint32_t new_part = 0;
    std::string bytes;
  };
  Output& output_of(uint32_t part);
  template <class Entry>
  void header(Entry& entry, const LevelState& level);
  Range append(Output& output, const MessageEdit& edit);
  template <class Entry>
  void move_headers(std::vector<Entry>& entries, Output& output);
  void empty_old_part(Output& output);
  void drop_unused_parts();

  bool patch(SpanRecord& span, const MessageEdit& edit);

  Batch* batch_ = nullptr;
  std::vector<Output> outputs_;
  std::string spare_;  // memory for the first output of the next batch
  otlp::MessageWriter writer_;
};

}  // namespace weir::ottl
