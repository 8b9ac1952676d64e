// SPDX-License-Identifier: Apache-2.0
#include "exporters/retry.h"

#include <algorithm>

namespace weir {

const config::Fields<RetryConfig>& RetryConfig::fields() {
  using T = RetryConfig;
  static const config::Fields<T> kFields = {
      config::field("enabled", &T::enabled, "false: a request has one attempt"),
      config::field("initial_interval", &T::initial_interval, "wait after the first failure"),
      config::field("randomization_factor", &T::randomization_factor, "each wait is times 1 ± this"),
      config::field("multiplier", &T::multiplier, "growth of the wait from failure to failure"),
      config::field("max_interval", &T::max_interval, "longest wait"),
      config::field("max_elapsed_time", &T::max_elapsed_time, "a request is given up after this time; 0 = never"),
  };
  return kFields;
}

void RetryConfig::validate(const config::Value& at, const std::string& path, config::Problems& problems) const {
  if (!enabled) return;
  const auto check = [&](bool good, std::string_view key, const char* text) {
    const config::Value* value = at.find(key);
    if (!good) problems.error(value == nullptr ? at.place : value->place, path, text);
  };
  const Duration elapsed = max_elapsed_time.value_or(Duration{0});
  check(initial_interval >= Duration{0}, "initial_interval", "'initial_interval' must be non-negative");
  check(randomization_factor >= 0 && randomization_factor <= 1, "randomization_factor",
        "'randomization_factor' must be within [0, 1]");
  check(multiplier >= 0, "multiplier", "'multiplier' must be non-negative");
  check(max_interval >= Duration{0}, "max_interval", "'max_interval' must be non-negative");
  check(elapsed >= Duration{0}, "max_elapsed_time", "'max_elapsed_time' must be non-negative");
  if (elapsed <= Duration{0}) return;
  check(elapsed >= initial_interval, "max_elapsed_time", "'max_elapsed_time' must not be less than 'initial_interval'");
  check(elapsed >= max_interval, "max_elapsed_time", "'max_elapsed_time' must not be less than 'max_interval'");
}

Duration Backoff::next(std::mt19937_64& random) {
  const double interval = static_cast<double>(interval_.count());
  // 53 random bits: the same sequence from the same seed with every standard library.
  const double unit = static_cast<double>(random() >> 11) * 0x1.0p-53;
  const double jittered = interval * (1 + config_->randomization_factor * (2 * unit - 1));
  const double grown = interval * config_->multiplier;
  const double limit = static_cast<double>(config_->max_interval.count());
  interval_ = Duration(static_cast<int64_t>(std::min(grown, limit)));
  return Duration(static_cast<int64_t>(jittered));
}

}  // namespace weir
