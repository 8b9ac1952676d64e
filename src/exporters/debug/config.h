// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "config/fields.h"
#include "exporters/queue_config.h"

namespace weir {

// `debug` (collector-semantics §9.6); under its old name `logging`, `loglevel` stands for the verbosity.
struct DebugConfig {
  enum class Verbosity : uint8_t { kBasic, kNormal, kDetailed };

  Verbosity verbosity = Verbosity::kBasic;
  int64_t sampling_initial = 2;     // batches written in each second before thinning begins
  int64_t sampling_thereafter = 1;  // then every n-th; 0 = none, 1 = all
  bool use_internal_logger = true;  // through weir's log; else to output_paths
  std::vector<std::string> output_paths = {"stdout"};
  std::optional<QueueConfig> sending_queue;

  static const config::Fields<DebugConfig>& fields();
  void validate(const config::Value& at, const std::string& path, config::Problems& problems) const;
};

}  // namespace weir
