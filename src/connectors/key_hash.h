// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "absl/container/flat_hash_map.h"
#include "weir/ids.h"

namespace weir {

// A quick hash of the bytes of a key for tables whose keys come from senders; `seed` keeps it from being predicted.
inline uint64_t hash_key(std::string_view key, uint64_t seed) {
  const char* at = key.data();
  size_t left = key.size();
  uint64_t hash = seed ^ (left * 0x9e3779b97f4a7c15ULL);
  const auto step = [&hash](uint64_t word) {
    hash = (hash ^ word) * 0xff51afd7ed558ccdULL;
    hash ^= hash >> 32;
  };
  for (; left >= 8; at += 8, left -= 8) {
    uint64_t word;
    std::memcpy(&word, at, 8);
    step(word);
  }
  uint64_t tail = 0;
  std::memcpy(&tail, at, left);
  step(tail);
  return mix64(hash);
}

// For hash maps with std::string keys that are looked up by views.
struct TextHash {
  using is_transparent = void;
  uint64_t seed = 0;
  size_t operator()(std::string_view text) const { return hash_key(text, seed); }
};
struct TextEqual {
  using is_transparent = void;
  bool operator()(std::string_view a, std::string_view b) const { return a == b; }
};
template <class V>
using TextMap = absl::flat_hash_map<std::string, V, TextHash, TextEqual>;

}  // namespace weir
