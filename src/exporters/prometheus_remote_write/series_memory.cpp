// SPDX-License-Identifier: Apache-2.0
#include "exporters/prometheus_remote_write/series_memory.h"

#include <functional>

namespace weir {
namespace {

constexpr int64_t kForgetAfterMs = 3'600'000;
constexpr int64_t kSweepEveryMs = 60'000;

}  // namespace

SeriesMemory::Verdict SeriesMemory::note(std::string_view labels, int64_t ms, double value, bool only_grows) {
  const auto [it, fresh] = series_.try_emplace(std::hash<std::string_view>{}(labels));
  Last& last = it->second;
  Verdict verdict{fresh, true, ms};
  if (fresh) {
    pay();
  } else if (ms <= last.ms) {
    const bool came_late = only_grows ? value < last.value : ms < last.ms;
    if (came_late) return {false, false, ms};
    verdict.ms = last.ms + 1;
  }
  last = {verdict.ms, value};
  return verdict;
}

void SeriesMemory::forget_old(int64_t now_ms) {
  if (now_ms < next_sweep_ms_) return;
  next_sweep_ms_ = now_ms + kSweepEveryMs;
  absl::erase_if(series_, [&](const auto& entry) { return entry.second.ms < now_ms - kForgetAfterMs; });
  pay();
}

void SeriesMemory::pay() {
  const uint64_t bytes = series_.capacity() * (sizeof(uint64_t) + sizeof(Last) + 1);
  if (bytes != paid_.bytes()) paid_ = Reservation::take(budget_, bytes);
}

}  // namespace weir
