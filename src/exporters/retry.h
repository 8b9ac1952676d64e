// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <random>
#include <string>

#include "config/fields.h"
#include "weir/clock.h"

namespace weir {

// `retry_on_failure` with the collector's keys and defaults (collector-semantics §3.3).
struct RetryConfig {
  bool enabled = true;
  Duration initial_interval = std::chrono::seconds(5);
  double randomization_factor = 0.5;
  double multiplier = 1.5;
  Duration max_interval = std::chrono::seconds(30);
  // Since the first attempt; 0 = for ever. Unwritten: kUnwrittenMaxElapsed where a sender waits for the outcome; else
  // for as long as the byte budget lasts (DESIGN §6): once it is short of room, requests older than that are given up.
  std::optional<Duration> max_elapsed_time;
  static const config::Fields<RetryConfig>& fields();
  void validate(const config::Value& at, const std::string& path, config::Problems& problems) const;
};
inline constexpr Duration kUnwrittenMaxElapsed = std::chrono::seconds(300);

// The intervals of one request: initial_interval, then times multiplier up to max_interval, each times 1 ±
// randomization_factor.
class Backoff {
 public:
  // The config outlives this.
  explicit Backoff(const RetryConfig& config) : config_(&config), interval_(config.initial_interval) {}
  Duration next(std::mt19937_64& random);

 private:
  const RetryConfig* config_;
  Duration interval_;
};

}  // namespace weir
