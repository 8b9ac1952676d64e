// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <cstring>
#include <deque>
#include <string>
#include <string_view>

#include "absl/container/flat_hash_map.h"
#include "connectors/key_hash.h"

namespace weir::service_graph {

inline void append_number(std::string& out, uint32_t value) {
  char bytes[4];
  std::memcpy(bytes, &value, 4);
  out.append(bytes, 4);
}
inline uint32_t take_number(std::string_view& from) {
  uint32_t value;
  std::memcpy(&value, from.data(), 4);
  from.remove_prefix(4);
  return value;
}

// Texts of one shard by small numbers, so that an edge holds no strings. 0 is "". Numbers are valid until the next
// Names is made in its place (the shard compacts its names when most are unused).
class Names {
 public:
  explicit Names(uint64_t seed) : by_text_(0, TextHash{seed}) { intern(""); }
  Names(Names&&) = default;
  Names& operator=(Names&&) = default;

  uint32_t intern(std::string_view text) {
    const auto known = by_text_.find(text);
    if (known != by_text_.end()) return known->second;
    const auto id = static_cast<uint32_t>(texts_.size());
    texts_.emplace_back(text);
    by_text_.emplace(texts_.back(), id);
    bytes_ += text.size() + 96;
    return id;
  }
  std::string_view text(uint32_t id) const { return texts_[id]; }
  size_t size() const { return texts_.size(); }
  size_t bytes() const { return bytes_; }  // about what all of it takes

 private:
  std::deque<std::string> texts_;  // a deque: its elements stay where they are
  absl::flat_hash_map<std::string_view, uint32_t, TextHash, TextEqual> by_text_;
  size_t bytes_ = 0;
};

}  // namespace weir::service_graph
