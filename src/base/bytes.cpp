// SPDX-License-Identifier: Apache-2.0
#include "weir/bytes.h"

#include <cstdlib>
#include <cstring>
#include <new>

namespace weir {

BufferRef BufferRef::allocate(uint32_t size, Reservation paid) {
  void* memory = std::malloc(sizeof(Buffer) + size);
  if (memory == nullptr) throw std::bad_alloc();
  return BufferRef(new (memory) Buffer(size, std::move(paid)));
}

BufferRef BufferRef::copy_of(std::string_view bytes, Reservation paid) {
  BufferRef ref = allocate(static_cast<uint32_t>(bytes.size()), std::move(paid));
  if (!bytes.empty()) std::memcpy(ref->data(), bytes.data(), bytes.size());
  return ref;
}

void BufferRef::truncate(uint32_t size) {
  if (buffer_ == nullptr || size >= buffer_->size_) return;
  void* memory = std::realloc(static_cast<void*>(buffer_), sizeof(Buffer) + size);
  if (memory != nullptr) buffer_ = static_cast<Buffer*>(memory);
  buffer_->size_ = size;
  buffer_->paid_.shrink_to(size);
}

void BufferRef::release() {
  if (buffer_ == nullptr || buffer_->refs_.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
  buffer_->~Buffer();
  std::free(buffer_);
  buffer_ = nullptr;
}

}  // namespace weir
