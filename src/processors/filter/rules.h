// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "ottl/run.h"
#include "processors/filter/config.h"
#include "processors/match.h"

namespace weir {

// What a filter drops of one signal. Immutable, shared by shards.
class FilterRules {
 public:
  FilterRules(const FilterConfig& config, Signal signal);

  // Conditions of one context that are looked at together.
  struct Set {
    ottl::ErrorMode error_mode = ottl::ErrorMode::kIgnore;
    std::vector<ottl::Condition> conditions;
  };
  const ottl::KeyTables& keys() const { return unit_.keys; }
  bool any(ottl::Context context) const { return !sets(context).empty(); }
  ottl::Verdict drops(ottl::Context context, ottl::Frame& frame, ottl::ErrorReport& report) const;
  // The include and exclude blocks.
  bool selected(ottl::Frame& frame) const { return !selection_ || selection_->selects(frame); }

 private:
  const std::vector<Set>& sets(ottl::Context context) const { return sets_[static_cast<size_t>(context)]; }
  void add(ottl::Context context, bool prefixed, const std::vector<std::string>& conditions, ottl::ErrorMode mode);
  void add_groups(const std::vector<ottl::GroupConfig>& groups, Signal signal, ottl::ErrorMode mode);
  void add_traces(const FilterConfig& config);
  void add_metrics(const FilterConfig& config);
  void add_logs(const FilterConfig& config);

  ottl::Unit unit_;
  std::array<std::vector<Set>, 7> sets_;  // by context
  std::optional<Selection> selection_;
};

// One pass of the rules over a batch: which records stay. What is taken out of spans and metrics is written.
class FilterPass {
 public:
  FilterPass(const FilterRules& rules, ottl::Frame& frame, ottl::ErrorReport& report)
      : rules_(rules), frame_(frame), report_(report) {}
  // False where a condition failed under propagate.
  bool run(Batch& batch, ottl::Rewriter& rewriter);
  const std::vector<uint32_t>& kept() const { return kept_; }

 private:
  bool spans(Batch& batch, ottl::BatchWalk& walk);
  bool items(Batch& batch, ottl::BatchWalk& walk);
  // kYes: the record that the frame stands on goes.
  ottl::Verdict drops_item(ottl::Context context);
  ottl::Verdict drops_around();
  bool take_out_events();
  bool take_out_points(ItemRecord& item, bool& empty);
  ottl::PartFate fate(ottl::Context context);

  const FilterRules& rules_;
  ottl::Frame& frame_;
  ottl::ErrorReport& report_;
  std::vector<uint32_t> kept_;
  uint32_t resource_ = UINT32_MAX;
  uint32_t scope_ = UINT32_MAX;
  ottl::Verdict resource_outcome_ = ottl::Verdict::kNo;
  ottl::Verdict scope_outcome_ = ottl::Verdict::kNo;
};

}  // namespace weir
