// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "config/fields.h"
#include "weir/clock.h"

namespace weir {

// Keys of the `batch` processor (collector-semantics §3.1). Sizes count spans, data points or log records.
struct BatchConfig {
  uint32_t send_batch_size = 8192;                    // 0: every incoming batch goes on at once, the timer is not used
  Duration timeout = std::chrono::milliseconds(200);  // 0: no timer, every incoming batch is flushed at once
  uint32_t send_batch_max_size = 0;                   // 0: no cap
  std::vector<std::string> metadata_keys;
  uint32_t metadata_cardinality_limit = 1000;  // 0: no limit

  static const config::Fields<BatchConfig>& fields();
  void validate(const config::Value& at, const std::string& path, config::Problems& problems) const;
};

}  // namespace weir
