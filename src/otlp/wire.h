// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace weir::otlp {

enum class WireType : uint8_t { kVarint = 0, kFixed64 = 1, kBytes = 2, kFixed32 = 5 };

namespace wire {

static_assert(std::endian::native == std::endian::little, "fixed-width fields are read as they lie");

// Reads a varint of at most 10 bytes (MaxBits 70); null when it is cut off or longer. Tags and lengths may have 5
// bytes, as in the C++ and Java libraries.
template <unsigned MaxBits = 70>
[[gnu::always_inline]] inline const char* read_varint(const char* at, const char* end, uint64_t& value) {
  if (at != end && static_cast<signed char>(*at) >= 0) {
    value = static_cast<unsigned char>(*at);
    return at + 1;
  }
  uint64_t result = 0;
  for (unsigned shift = 0; shift < MaxBits && at != end; shift += 7) {
    const auto byte = static_cast<unsigned char>(*at++);
    result |= static_cast<uint64_t>(byte & 0x7f) << shift;
    if (byte < 0x80) {
      value = result;
      return at;
    }
  }
  return nullptr;
}

// Reads a length and takes that many bytes; null when it is cut off.
[[gnu::always_inline]] inline const char* read_bytes(const char* at, const char* end, std::string_view& bytes) {
  uint64_t size = 0;
  at = read_varint<35>(at, end, size);
  if (at == nullptr || size > static_cast<uint64_t>(end - at)) return nullptr;
  bytes = {at, static_cast<size_t>(size)};
  return at + size;
}

// Nearly all attributes are a key and a value, nothing else, each length in one byte. Splits such a KeyValue; false for
// any other.
[[gnu::always_inline]] inline bool split_plain_attribute(std::string_view message, std::string_view& key,
                                                         std::string_view& value) {
  constexpr unsigned char kKeyTag = 0x0a, kValueTag = 0x12;
  const auto* at = reinterpret_cast<const unsigned char*>(message.data());
  const size_t size = message.size();
  if (size < 4 || at[0] != kKeyTag || at[1] >= 0x80 || at[1] + 4U > size) return false;
  const size_t value_at = at[1] + 4U;
  if (at[value_at - 2] != kValueTag || at[value_at - 1] >= 0x80 || at[value_at - 1] != size - value_at) return false;
  key = {message.data() + 2, at[1]};
  value = {message.data() + value_at, size - value_at};
  return true;
}

}  // namespace wire

// Walks the fields of one protobuf message in place. Groups, field number 0 and cut-off fields end the walk with
// ok() == false. No allocation, no exception.
class FieldCursor {
 public:
  explicit FieldCursor(std::string_view message) : at_(message.data()), end_(message.data() + message.size()) {}

  // Steps to the next field; false at the end or at the first malformed field.
  [[gnu::always_inline]] bool next() {
    if (at_ == end_) return false;
    start_ = at_;
    uint64_t tag = 0;
    at_ = wire::read_varint<35>(at_, end_, tag);
    if (at_ == nullptr || tag > UINT32_MAX || tag < 8) return fail();
    number_ = static_cast<uint32_t>(tag >> 3);
    type_ = static_cast<WireType>(tag & 7);
    return read_value();
  }
  bool ok() const { return ok_; }

  uint32_t number() const { return number_; }
  WireType type() const { return type_; }
  bool is(uint32_t number, WireType type) const { return number_ == number && type_ == type; }
  // kBytes: the payload.
  std::string_view bytes() const { return bytes_; }
  // kVarint, kFixed64, kFixed32: the raw value.
  uint64_t value() const { return value_; }
  double real() const { return std::bit_cast<double>(value_); }
  // A sint32 or sint64.
  int64_t zigzag() const { return static_cast<int64_t>(value_ >> 1) ^ -static_cast<int64_t>(value_ & 1); }
  // The whole field, tag included.
  std::string_view raw() const { return {start_, static_cast<size_t>(at_ - start_)}; }

 private:
  [[gnu::noinline, gnu::cold]] bool fail() {
    ok_ = false;
    at_ = end_;
    return false;
  }
  [[gnu::always_inline]] bool read_value() {
    switch (type_) {
      case WireType::kVarint:
        at_ = wire::read_varint(at_, end_, value_);
        return at_ != nullptr || fail();
      case WireType::kBytes:
        at_ = wire::read_bytes(at_, end_, bytes_);
        return at_ != nullptr || fail();
      case WireType::kFixed64:
        return read_fixed(8);
      case WireType::kFixed32:
        return read_fixed(4);
    }
    return fail();
  }
  bool read_fixed(size_t size) {
    if (static_cast<size_t>(end_ - at_) < size) return fail();
    value_ = 0;
    std::memcpy(&value_, at_, size);
    at_ += size;
    return true;
  }

  const char* at_;
  const char* end_;
  const char* start_ = nullptr;
  uint32_t number_ = 0;
  WireType type_ = WireType::kVarint;
  bool ok_ = true;
  uint64_t value_ = 0;
  std::string_view bytes_;
};

// Calls f(uint64_t) for each element of a repeated number, packed or not: call it for every occurrence of the field.
// `type` is the element's own wire type (kVarint, kFixed64 or kFixed32). False when the packed bytes are malformed.
template <class F>
bool for_each_number(const FieldCursor& cursor, WireType type, F&& f) {
  if (cursor.type() == type) {
    f(cursor.value());
    return true;
  }
  if (cursor.type() != WireType::kBytes) return false;
  const char* at = cursor.bytes().data();
  const char* const end = at + cursor.bytes().size();
  const size_t size = type == WireType::kFixed64 ? 8 : 4;
  while (at != end) {
    uint64_t value = 0;
    if (type == WireType::kVarint) {
      at = wire::read_varint(at, end, value);
      if (at == nullptr) return false;
    } else {
      if (static_cast<size_t>(end - at) < size) return false;
      std::memcpy(&value, at, size);
      at += size;
    }
    f(value);
  }
  return true;
}

}  // namespace weir::otlp
