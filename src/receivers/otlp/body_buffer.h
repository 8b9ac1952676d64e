// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "weir/bytes.h"

namespace weir {

// Collects one message in the buffer that later stages keep. Room is reserved before it is filled: all of it where the
// size is known, piece by piece otherwise.
class BodyBuffer {
 public:
  enum class Result : uint8_t { kOk, kTooLarge, kOutOfBudget };

  BodyBuffer(ByteBudget& budget, uint32_t limit) : budget_(budget), limit_(limit) {}

  // Begins a message of `size` bytes; more than that will not be appended.
  Result expect(uint64_t size) {
    if (size > limit_) return Result::kTooLarge;
    return grow(static_cast<uint32_t>(size));
  }
  Result append(std::string_view bytes) {
    if (bytes.size() > limit_ - filled_) return Result::kTooLarge;
    const auto end = filled_ + static_cast<uint32_t>(bytes.size());
    if (!buffer_ || end > buffer_->size()) {
      const uint64_t doubled = std::max<uint64_t>({end, 2ull * filled_, kFirst});
      if (const Result grown = grow(static_cast<uint32_t>(std::min<uint64_t>(doubled, limit_))); grown != Result::kOk)
        return grown;
    }
    std::memcpy(buffer_->data() + filled_, bytes.data(), bytes.size());
    filled_ = end;
    return Result::kOk;
  }
  uint32_t size() const { return filled_; }
  // The bytes so far; empty afterwards, for the next message.
  BufferRef take() {
    if (!buffer_) buffer_ = BufferRef::allocate(0);
    buffer_.truncate(filled_);
    filled_ = 0;
    return std::exchange(buffer_, {});
  }

 private:
  static constexpr uint64_t kFirst = 16 << 10;

  Result grow(uint32_t size) {
    Reservation paid = Reservation::try_take(budget_, size);
    if (!paid) return Result::kOutOfBudget;
    BufferRef larger = BufferRef::allocate(size, std::move(paid));
    if (filled_ > 0) std::memcpy(larger->data(), buffer_->data(), filled_);
    buffer_ = std::move(larger);
    return Result::kOk;
  }

  ByteBudget& budget_;
  const uint32_t limit_;
  BufferRef buffer_;
  uint32_t filled_ = 0;
};

}  // namespace weir
