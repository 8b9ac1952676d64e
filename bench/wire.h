// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

namespace weir::bench {

// A minimal protobuf writer, so that the generator shares no code with what it tests.
inline void put_varint(std::string& out, uint64_t value) {
  for (; value >= 0x80; value >>= 7) out.push_back(static_cast<char>(value | 0x80));
  out.push_back(static_cast<char>(value));
}

inline void put_tag(std::string& out, uint32_t field, uint32_t wire_type) { put_varint(out, field << 3 | wire_type); }

inline void put_bytes(std::string& out, uint32_t field, const std::string& bytes) {
  put_tag(out, field, 2);
  put_varint(out, bytes.size());
  out += bytes;
}

// KeyValue{1 key, 2 AnyValue{1 string, 3 int}}
inline std::string text_attribute(const std::string& key, const std::string& text) {
  std::string value, attribute;
  put_bytes(value, 1, text);
  put_bytes(attribute, 1, key);
  put_bytes(attribute, 2, value);
  return attribute;
}

inline std::string int_attribute(const std::string& key, uint64_t number) {
  std::string value, attribute;
  put_tag(value, 3, 0);
  put_varint(value, number);
  put_bytes(attribute, 1, key);
  put_bytes(attribute, 2, value);
  return attribute;
}

inline void put_fixed64(std::string& out, uint32_t field, uint64_t value) {
  put_tag(out, field, 1);
  for (int i = 0; i < 8; ++i) out.push_back(static_cast<char>(value >> (8 * i)));
}

inline std::string word_bytes(uint64_t word) { return {reinterpret_cast<const char*>(&word), 8}; }

}  // namespace weir::bench
