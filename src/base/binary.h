// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace weir {

// Bytes for the disk: numbers are varints (7 bits a byte, least first) or little endian of fixed width; texts are a
// varint of their length and their bytes.
inline void put_varint(std::string& out, uint64_t value) {
  for (; value >= 0x80; value >>= 7) out.push_back(static_cast<char>(value | 0x80));
  out.push_back(static_cast<char>(value));
}
inline void put_text(std::string& out, std::string_view text) {
  put_varint(out, text.size());
  out.append(text);
}
template <class Number>
void put_fixed(std::string& out, Number value) {
  static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__);
  out.append(reinterpret_cast<const char*>(&value), sizeof value);
}

// Takes values off the front of some bytes. What is not there, or is not what it should be, makes it fail: every later
// value is zero then, and ok() is false. Never reads past the end.
class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : rest_(bytes) {}

  bool ok() const { return ok_; }
  bool at_end() const { return ok_ && rest_.empty(); }
  std::string_view rest() const { return rest_; }
  void fail() {
    ok_ = false;
    rest_ = {};
  }

  uint64_t varint() {
    uint64_t value = 0;
    for (uint32_t shift = 0; shift < 64; shift += 7) {
      if (rest_.empty()) break;
      const auto byte = static_cast<uint8_t>(rest_.front());
      rest_.remove_prefix(1);
      if (shift == 63 && byte > 1) break;
      value |= static_cast<uint64_t>(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    fail();
    return 0;
  }
  uint32_t varint32() {
    const uint64_t value = varint();
    if (value > UINT32_MAX) fail();
    return ok_ ? static_cast<uint32_t>(value) : 0;
  }
  // How many things follow, each of at least `size` bytes: a number that the rest cannot hold fails.
  uint64_t count(uint64_t size = 1) {
    const uint64_t value = varint();
    if (value > rest_.size() / size) fail();
    return ok_ ? value : 0;
  }
  std::string_view bytes(uint64_t size) {
    if (size > rest_.size()) fail();
    if (!ok_) return {};
    const std::string_view taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }
  std::string_view text() { return bytes(count()); }
  template <class Number>
  Number fixed() {
    Number value{};
    const std::string_view taken = bytes(sizeof value);
    if (ok_) std::memcpy(&value, taken.data(), sizeof value);
    return value;
  }

 private:
  std::string_view rest_;
  bool ok_ = true;
};

}  // namespace weir
