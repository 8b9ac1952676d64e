// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "ottl/frame.h"
#include "ottl/program.h"
#include "ottl/rewrite.h"
#include "weir/batch.h"
#include "weir/budget.h"

namespace weir::ottl {

// Groups of statements in the order in which they run over a batch. Immutable, shared by shards.
struct Program {
  Unit unit;
  std::vector<Group> groups;
};

// Steps a frame through the records of a batch and writes what was changed: `visit` runs on each record of a context
// (Frame::enter_… done) and may end the walk by returning false. One thread.
class BatchWalk {
 public:
  BatchWalk(Batch& batch, Frame& frame, Rewriter& rewriter) : batch_(batch), frame_(frame), rewriter_(rewriter) {}

  template <class F>
  bool resources(F&& visit) {
    for (uint32_t i = 0; i < batch_.resources.size(); ++i) {
      frame_.enter_resource(i);
      if (!visit()) return false;
      write_resource(i);
    }
    return true;
  }
  template <class F>
  bool scopes(F&& visit) {
    for (uint32_t i = 0; i < batch_.scopes.size(); ++i) {
      step_to(i);
      if (!visit()) return false;
    }
    leave();
    return true;
  }
  template <class F>
  bool spans(F&& visit) {
    for (SpanRecord& span : batch_.spans) {
      if (span.scope != scope_) step_to(span.scope);
      frame_.enter_span(span);
      if (!visit()) return false;
      if (frame_.message().changed()) rewriter_.span(span, frame_.message());
    }
    leave();
    return true;
  }
  template <class F>
  bool items(F&& visit) {
    for (ItemRecord& item : batch_.items) {
      if (item.scope != scope_) step_to(item.scope);
      frame_.enter_item(item);
      if (!visit()) return false;
      if (frame_.message().changed()) rewriter_.item(item, frame_.message());
    }
    leave();
    return true;
  }

 private:
  static constexpr uint32_t kNone = UINT32_MAX;
  void step_to(uint32_t scope);
  void leave();
  void write_resource(uint32_t index);

  Batch& batch_;
  Frame& frame_;
  Rewriter& rewriter_;
  uint32_t resource_ = kNone;
  uint32_t scope_ = kNone;
};

// Visits each part of the item that the frame stands on (a span's events, a metric's data points): `visit` gives what
// becomes of it. Changes and removals are noted in the item's message. False where visit said so.
enum class PartFate : uint8_t { kKeep, kRemove, kStop };
class PartWalk {
 public:
  explicit PartWalk(Frame& frame) : frame_(frame) {}
  template <class F>
  bool events(F&& visit);
  template <class F>
  bool points(F&& visit);
  size_t kept() const { return kept_.size(); }

 private:
  template <class F>
  bool walk(std::string_view message, uint32_t field, uint32_t attributes, F&& visit);
  std::string_view written();

  Frame& frame_;
  std::vector<std::string_view> kept_;
  bool changed_ = false;
};

// Runs a program over batches on one shard.
class Runner {
 public:
  Runner(std::shared_ptr<const Program> program, Log* log, std::string component)
      : program_(std::move(program)), frame_(program_->unit.keys), report_(log, std::move(component)) {}

  // False where a statement failed under propagate: the batch is then of no use; error() says why. `now`: what Now()
  // gives where the batch does not know when it was received.
  bool run(Batch& batch, Duration now, ByteBudget* budget);
  const std::string& error() const { return report_.last(); }

 private:
  bool run_groups(Batch& batch, size_t first, size_t count);
  bool execute_all(size_t first, size_t count);

  std::shared_ptr<const Program> program_;
  Frame frame_;
  Rewriter rewriter_;
  ErrorReport report_;
};

}  // namespace weir::ottl

#include "ottl/part_walk.h"
