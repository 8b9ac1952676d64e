// SPDX-License-Identifier: Apache-2.0
#include "processors/batch/config.h"

#include <set>

#include "processors/batch/lower_case.h"

namespace weir {

const config::Fields<BatchConfig>& BatchConfig::fields() {
  using config::field;
  static const config::Fields<BatchConfig> table{
      field("send_batch_size", &BatchConfig::send_batch_size, "items that make a batch go; 0 = every incoming batch"),
      field("timeout", &BatchConfig::timeout, "age at which a batch goes whatever its size; 0 = at once"),
      field("send_batch_max_size", &BatchConfig::send_batch_max_size, "most items of one batch; 0 = no cap"),
      field("metadata_keys", &BatchConfig::metadata_keys,
            "one batcher for each distinct value of these client metadata"),
      field("metadata_cardinality_limit", &BatchConfig::metadata_cardinality_limit, "most such batchers; 0 = no limit"),
  };
  return table;
}

void BatchConfig::validate(const config::Value& at, const std::string& path, config::Problems& problems) const {
  if (send_batch_max_size > 0 && send_batch_max_size < send_batch_size) {
    problems.error(at.place, path, "send_batch_max_size must be greater or equal to send_batch_size");
  }
  if (timeout < Duration::zero()) problems.error(at.place, path, "timeout must be greater or equal to 0");
  std::set<std::string> seen;
  for (const std::string& key : metadata_keys) {
    if (seen.insert(lower_case(key)).second) continue;
    problems.error(at.place, path, "duplicate entry in metadata_keys: \"" + lower_case(key) + "\" (case-insensitive)");
  }
}

}  // namespace weir
