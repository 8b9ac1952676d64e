// SPDX-License-Identifier: Apache-2.0
#include "processors/transform/config.h"

namespace weir {

namespace {

template <Signal S, std::vector<ottl::GroupConfig> TransformConfig::*Member>
config::Field<TransformConfig> statements(std::string_view key, std::string_view doc) {
  return config::custom<TransformConfig>(
      key, "list of statements or groups",
      [](const config::At& at, TransformConfig& out) { ottl::decode_groups(at, S, true, out.*Member); }, doc);
}

}  // namespace

const config::Fields<TransformConfig>& TransformConfig::fields() {
  static const config::Fields<TransformConfig> table{
      config::choice("error_mode", &TransformConfig::error_mode, ottl::error_modes(),
                     "what a failing statement leads to: the batch is dropped (propagate), or the statement is left "
                     "out, with a line in the log (ignore) or without (silent)"),
      statements<Signal::kTraces, &TransformConfig::traces>("trace_statements", "OTTL statements on traces"),
      statements<Signal::kMetrics, &TransformConfig::metrics>("metric_statements", "OTTL statements on metrics"),
      statements<Signal::kLogs, &TransformConfig::logs>("log_statements", "OTTL statements on logs"),
      config::unsupported<TransformConfig>("profile_statements"),
      config::custom<TransformConfig>(
          "flatten_data", "bool",
          [](const config::At& at, TransformConfig&) {
            bool on = false;
            if (!at.value.is_null() && decode_scalar(at, on) && on) at.error("not supported by this version of weir");
          },
          "only false"),
  };
  return table;
}

const std::vector<ottl::GroupConfig>& TransformConfig::groups_of(Signal signal) const {
  if (signal == Signal::kTraces) return traces;
  return signal == Signal::kMetrics ? metrics : logs;
}

}  // namespace weir
