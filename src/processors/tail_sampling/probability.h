// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

namespace weir {

inline constexpr uint64_t kFnvOffset = 0xcbf29ce484222325ULL;

// FNV-1a, 64 bits; `hash` is where to go on from.
inline uint64_t fnv1a_64(std::string_view bytes, uint64_t hash = kFnvOffset) {
  for (char c : bytes) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
  return hash;
}

// The largest hash that is sampled: floor(percentage / 100 * (2^64 - 1)), kept within 64 bits.
inline uint64_t sampling_threshold(double percentage) {
  const double ratio = percentage / 100;
  if (!(ratio > 0)) return 0;
  if (ratio >= 1) return UINT64_MAX;
  return static_cast<uint64_t>(static_cast<long double>(UINT64_MAX) * static_cast<long double>(ratio));
}

}  // namespace weir
