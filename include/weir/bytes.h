// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <string_view>
#include <utility>

#include "weir/budget.h"

namespace weir {

// Where something lies in a buffer: (offset, length) in bytes. Relocatable: never a raw pointer across a tick.
struct Range {
  uint32_t offset = 0;
  uint32_t length = 0;
  friend bool operator==(const Range&, const Range&) = default;
};

// A block of bytes, filled once by its maker and immutable from the moment it is shared. It pays for itself out of a
// byte budget. Reference counted (atomic): one reference per run or batch part, never one per span.
class Buffer {
 public:
  char* data() { return reinterpret_cast<char*>(this + 1); }
  const char* data() const { return reinterpret_cast<const char*>(this + 1); }
  uint32_t size() const { return size_; }
  std::string_view view() const { return {data(), size_}; }
  std::string_view view(Range range) const { return {data() + range.offset, range.length}; }

 private:
  friend class BufferRef;
  Buffer(uint32_t size, Reservation paid) : size_(size), paid_(std::move(paid)) {}
  std::atomic<uint32_t> refs_{1};
  uint32_t size_;
  Reservation paid_;
};

// A counted reference to a Buffer. Copying is one atomic increment.
class BufferRef {
 public:
  BufferRef() = default;
  BufferRef(const BufferRef& other) : buffer_(other.buffer_) {
    if (buffer_ != nullptr) buffer_->refs_.fetch_add(1, std::memory_order_relaxed);
  }
  BufferRef(BufferRef&& other) noexcept : buffer_(std::exchange(other.buffer_, nullptr)) {}
  BufferRef& operator=(BufferRef other) noexcept {
    std::swap(buffer_, other.buffer_);
    return *this;
  }
  ~BufferRef() { release(); }

  // `size` uninitialised bytes, to be filled through data() before the reference is shared.
  static BufferRef allocate(uint32_t size, Reservation paid = {});
  static BufferRef copy_of(std::string_view bytes, Reservation paid = {});
  // Cuts the buffer down to what was really filled, and its reservation with it. Only before it is shared.
  void truncate(uint32_t size);

  Buffer* get() const { return buffer_; }
  Buffer* operator->() const { return buffer_; }
  const Buffer& operator*() const { return *buffer_; }
  explicit operator bool() const { return buffer_ != nullptr; }
  // True where nobody else holds the buffer. Only means something where nobody can get it from this reference
  // meanwhile.
  bool is_only_one() const { return buffer_ != nullptr && buffer_->refs_.load(std::memory_order_acquire) == 1; }
  friend bool operator==(const BufferRef&, const BufferRef&) = default;

 private:
  explicit BufferRef(Buffer* buffer) : buffer_(buffer) {}
  void release();
  Buffer* buffer_ = nullptr;
};

}  // namespace weir
