// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstring>
#include <memory>
#include <string_view>
#include <type_traits>
#include <vector>

namespace weir::ottl {

// Memory for the values of one record: taken in pieces, given back all at once by reset(). What lies in it is never
// destroyed. One thread.
class Arena {
 public:
  Arena() = default;
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  char* bytes(size_t size) {
    if (size > static_cast<size_t>(end_ - at_)) more(size);
    char* result = at_;
    at_ += size;
    return result;
  }
  std::string_view copy(std::string_view text) {
    char* to = bytes(text.size());
    if (!text.empty()) std::memcpy(to, text.data(), text.size());
    return {to, text.size()};
  }
  // `count` default-made elements.
  template <class T>
  T* array(size_t count) {
    static_assert(std::is_trivially_destructible_v<T>);
    const size_t misfit = reinterpret_cast<uintptr_t>(at_) % alignof(T);
    if (misfit != 0) bytes(alignof(T) - misfit);
    char* at = bytes(sizeof(T) * count);
    if (reinterpret_cast<uintptr_t>(at) % alignof(T) != 0) at = bytes(sizeof(T) * count);  // a new block is aligned
    auto* first = reinterpret_cast<T*>(at);
    for (size_t i = 0; i < count; ++i) new (first + i) T();
    return first;
  }
  template <class T>
  T* make() {
    return array<T>(1);
  }
  // Everything taken so far is gone. Keeps one block for what comes next.
  void reset() {
    if (blocks_.size() > 1) blocks_.resize(1);
    if (blocks_.empty()) return;
    at_ = blocks_[0].get();
    end_ = at_ + kBlock;
  }

 private:
  static constexpr size_t kBlock = 16 * 1024;
  void more(size_t size);

  std::vector<std::unique_ptr<char[]>> blocks_;  // the first one always of kBlock
  char* at_ = nullptr;
  char* end_ = nullptr;
};

// Pieces that make one text. The first stays where it lies; the memory for more grows with the text alone.
class JoinedText {
 public:
  explicit JoinedText(Arena& arena) : arena_(arena) {}
  void add(std::string_view piece) {
    if (text_.empty() || piece.empty()) {
      text_ = text_.empty() ? piece : text_;
      return;
    }
    const size_t size = text_.size() + piece.size();
    if (size > room_) {
      room_ = 2 * size;
      char* to = arena_.bytes(room_);
      std::memcpy(to, text_.data(), text_.size());
      at_ = to;
    }
    std::memcpy(at_ + text_.size(), piece.data(), piece.size());
    text_ = {at_, size};
  }
  std::string_view text() const { return text_; }

 private:
  Arena& arena_;
  std::string_view text_;
  char* at_ = nullptr;
  size_t room_ = 0;
};

}  // namespace weir::ottl
