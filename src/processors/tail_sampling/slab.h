// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bit>
#include <cstdint>
#include <memory>
#include <vector>

#include "weir/budget.h"

namespace weir {

inline constexpr uint32_t kNone = UINT32_MAX;

// Many small objects of one type, named by index, in pages that never move: no allocation per object and no pointers to
// keep. T is default-constructible and has a `uint32_t next`, which the slab uses while the object is free. Pages are
// given back when nothing is in use; they are paid for out of the byte budget. One thread.
template <class T>
class Slab {
 public:
  explicit Slab(ByteBudget* budget) : budget_(budget) {}

  uint32_t take() {
    ++used_;
    if (free_ != kNone) {
      const uint32_t index = free_;
      free_ = (*this)[index].next;
      (*this)[index].next = kNone;
      return index;
    }
    if (fresh_ == pages_.size() * kPerPage) add_page();
    return static_cast<uint32_t>(fresh_++);
  }
  void give_back(uint32_t index) {
    (*this)[index] = T{};
    (*this)[index].next = free_;
    free_ = index;
    if (--used_ == 0 && pages_.size() > kPagesKept) clear();
  }
  T& operator[](uint32_t index) { return pages_[index / kPerPage].items[index % kPerPage]; }
  const T& operator[](uint32_t index) const { return pages_[index / kPerPage].items[index % kPerPage]; }
  size_t used() const { return used_; }

 private:
  static constexpr uint32_t kPerPage = std::bit_floor(static_cast<uint32_t>((64 << 10) / sizeof(T)));
  static constexpr size_t kPagesKept = 4;  // a sampler that is empty now and then does not allocate each time
  struct Page {
    std::unique_ptr<T[]> items;
    Reservation paid;
  };

  void add_page() {
    Page page{std::make_unique<T[]>(kPerPage), {}};
    if (budget_ != nullptr) page.paid = Reservation::take(*budget_, sizeof(T) * kPerPage);
    pages_.push_back(std::move(page));
  }
  void clear() {
    std::vector<Page>().swap(pages_);
    fresh_ = 0;
    free_ = kNone;
  }

  ByteBudget* budget_;
  std::vector<Page> pages_;
  size_t fresh_ = 0;  // objects from here on were never used
  size_t used_ = 0;
  uint32_t free_ = kNone;
};

// A doubly linked list of slab objects by index; T has `next` and `previous`.
template <class T>
class SlabList {
 public:
  explicit SlabList(Slab<T>& slab) : slab_(&slab) {}

  uint32_t front() const { return front_; }
  void push_back(uint32_t index) {
    T& item = (*slab_)[index];
    item.previous = back_;
    item.next = kNone;
    (back_ != kNone ? (*slab_)[back_].next : front_) = index;
    back_ = index;
  }
  void remove(uint32_t index) {
    const T& item = (*slab_)[index];
    (item.previous != kNone ? (*slab_)[item.previous].next : front_) = item.next;
    (item.next != kNone ? (*slab_)[item.next].previous : back_) = item.previous;
  }

 private:
  Slab<T>* slab_;
  uint32_t front_ = kNone;
  uint32_t back_ = kNone;
};

}  // namespace weir
