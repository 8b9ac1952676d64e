// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace weir {

// A trace id as its 16 bytes came off the wire, held as two opaque words (no byte order implied).
// An empty id and sixteen zero bytes are the same value here, as they are in the collector.
struct TraceId {
  uint64_t word[2] = {0, 0};

  static TraceId from_bytes(std::string_view bytes) {
    TraceId id;
    if (bytes.size() == 16) std::memcpy(id.word, bytes.data(), 16);
    return id;
  }
  std::string_view bytes() const { return {reinterpret_cast<const char*>(word), 16}; }
  bool empty() const { return (word[0] | word[1]) == 0; }
  friend bool operator==(const TraceId&, const TraceId&) = default;
};

// A span id, its 8 bytes as one opaque word. Empty and all-zero are the same value.
struct SpanId {
  uint64_t word = 0;

  static SpanId from_bytes(std::string_view bytes) {
    SpanId id;
    if (bytes.size() == 8) std::memcpy(&id.word, bytes.data(), 8);
    return id;
  }
  std::string_view bytes() const { return {reinterpret_cast<const char*>(&word), 8}; }
  bool empty() const { return word == 0; }
  friend bool operator==(const SpanId&, const SpanId&) = default;
};

// The finaliser of splitmix64: a fixed, unseeded mix. Sampling and routing must not depend on the process.
inline uint64_t mix64(uint64_t x) {
  x ^= x >> 30;
  x *= 0xbf58476d1ce4e5b9ULL;
  x ^= x >> 27;
  x *= 0x94d049bb133111ebULL;
  return x ^ (x >> 31);
}

inline uint64_t hash_of(const TraceId& id) { return mix64(id.word[0] ^ mix64(id.word[1])); }

// The shard that owns all state of a trace (DESIGN law 2).
inline uint32_t shard_of(const TraceId& id, uint32_t shards) {
  return shards <= 1 ? 0 : static_cast<uint32_t>(hash_of(id) % shards);
}

std::string to_hex(std::string_view bytes);

// Hash functor for hash maps keyed by ids.
struct IdHash {
  size_t operator()(const TraceId& id) const { return hash_of(id); }
  size_t operator()(const SpanId& id) const { return mix64(id.word); }
};

}  // namespace weir
