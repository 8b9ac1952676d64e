// SPDX-License-Identifier: Apache-2.0
// For .cpp files of src/net only.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <utility>

#include "net/codecs.h"

namespace weir::net {

// Output of unknown size: a buffer that doubles, each size reserved before it is made, never past `limit` (plus the one
// byte that shows that there would have been more).
class GrowingOutput {
 public:
  GrowingOutput(uint64_t first, uint32_t limit, ByteBudget& budget)
      : next_(std::clamp<uint64_t>(first, 512, uint64_t{limit} + 1)), limit_(limit), budget_(budget) {}

  // Sees to it that at least one more byte fits; otherwise result() says why not.
  bool make_room() {
    if (room() > 0) return true;
    if (filled_ > limit_) return fail(DecodeError::kTooLarge);
    Reservation paid = Reservation::try_take(budget_, next_);
    if (!paid) return fail(DecodeError::kOutOfBudget);
    BufferRef bigger = BufferRef::allocate(static_cast<uint32_t>(next_), std::move(paid));
    if (filled_ > 0) std::memcpy(bigger->data(), buffer_->data(), filled_);
    buffer_ = std::move(bigger);
    next_ = std::min<uint64_t>(next_ * 2, uint64_t{limit_} + 1);
    return true;
  }

  char* end() { return buffer_->data() + filled_; }
  uint32_t room() const { return buffer_ ? buffer_->size() - filled_ : 0; }
  void add(uint64_t bytes) { filled_ += static_cast<uint32_t>(bytes); }

  Decoded result() {
    if (error_ == DecodeError::kNone && filled_ > limit_) error_ = DecodeError::kTooLarge;
    if (error_ != DecodeError::kNone) return {{}, error_};
    if (!buffer_) buffer_ = BufferRef::allocate(0, {});
    buffer_.truncate(filled_);
    return {std::move(buffer_), DecodeError::kNone};
  }

 private:
  bool fail(DecodeError error) {
    error_ = error;
    return false;
  }

  BufferRef buffer_;
  uint32_t filled_ = 0;
  uint64_t next_;
  const uint32_t limit_;
  ByteBudget& budget_;
  DecodeError error_ = DecodeError::kNone;
};

// A buffer of exactly `size` for output whose size is known.
inline Decoded known_output(uint64_t size, uint32_t limit, ByteBudget& budget) {
  if (size > limit) return {{}, DecodeError::kTooLarge};
  Reservation paid = Reservation::try_take(budget, size);
  if (!paid) return {{}, DecodeError::kOutOfBudget};
  return {BufferRef::allocate(static_cast<uint32_t>(size), std::move(paid)), DecodeError::kNone};
}

inline Decoded corrupt(std::string_view detail) { return {{}, DecodeError::kCorrupt, detail}; }

Decoded decode_gzip(std::string_view input, uint32_t limit, ByteBudget& budget);
Decoded decode_zlib(std::string_view input, uint32_t limit, ByteBudget& budget);
Decoded decode_zstd(std::string_view input, uint32_t limit, ByteBudget& budget);
Decoded decode_snappy(std::string_view input, uint32_t limit, ByteBudget& budget);

}  // namespace weir::net
