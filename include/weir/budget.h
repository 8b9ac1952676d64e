// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <utility>

namespace weir {

// The process-wide byte budget (DESIGN law 5). Bytes are reserved before they are read, so RSS is bounded by
// construction. Thread-safe; one atomic operation per request, never per span.
class ByteBudget {
 public:
  // limit: what may be held in all. headroom: the part of it that only data already decided may use while it leaves
  // (memory_limiter's spike limit); ordinary admission stops at limit - headroom.
  explicit ByteBudget(uint64_t limit, uint64_t headroom = 0) : limit_(limit), headroom_(headroom) {}
  ByteBudget(const ByteBudget&) = delete;
  ByteBudget& operator=(const ByteBudget&) = delete;

  // False when the bytes do not fit below limit - headroom; nothing is taken then.
  bool try_take(uint64_t bytes);
  // Takes even beyond the limit: for small by-products of what was already admitted (indexes, encoded metrics).
  void take(uint64_t bytes) { used_.fetch_add(bytes, std::memory_order_relaxed); }
  void give_back(uint64_t bytes) { used_.fetch_sub(bytes, std::memory_order_relaxed); }

  uint64_t limit() const { return limit_; }
  uint64_t used() const { return used_.load(std::memory_order_relaxed); }
  uint64_t refused() const { return refused_.load(std::memory_order_relaxed); }
  // True where ordinary admission has less than a tenth of its room left: stages decide early, queues wait.
  bool short_of_room() const { return used() * 10 > (limit_ - headroom_) * 9; }

 private:
  const uint64_t limit_;
  const uint64_t headroom_;
  std::atomic<uint64_t> used_{0};
  std::atomic<uint64_t> refused_{0};
};

// Some bytes of a budget, given back when this goes out of scope. Movable, owned by what the bytes pay for.
class Reservation {
 public:
  Reservation() = default;
  Reservation(Reservation&& other) noexcept { swap(other); }
  Reservation& operator=(Reservation&& other) noexcept {
    Reservation taken(std::move(other));
    swap(taken);
    return *this;
  }
  ~Reservation() {
    if (budget_ != nullptr) budget_->give_back(bytes_);
  }

  // An empty reservation (bytes() == 0) when the budget refuses.
  static Reservation try_take(ByteBudget& budget, uint64_t bytes) {
    return budget.try_take(bytes) ? Reservation(&budget, bytes) : Reservation();
  }
  static Reservation take(ByteBudget& budget, uint64_t bytes) {
    budget.take(bytes);
    return {&budget, bytes};
  }

  // Grows by `more`; false when the budget refuses, the reservation is as before then.
  bool grow(uint64_t more) {
    if (budget_ == nullptr || !budget_->try_take(more)) return false;
    bytes_ += more;
    return true;
  }
  void shrink_to(uint64_t bytes) {
    if (bytes >= bytes_) return;
    budget_->give_back(bytes_ - bytes);
    bytes_ = bytes;
  }
  uint64_t bytes() const { return bytes_; }
  explicit operator bool() const { return budget_ != nullptr; }

 private:
  Reservation(ByteBudget* budget, uint64_t bytes) : budget_(budget), bytes_(bytes) {}
  void swap(Reservation& other) noexcept {
    std::swap(budget_, other.budget_);
    std::swap(bytes_, other.bytes_);
  }
  ByteBudget* budget_ = nullptr;
  uint64_t bytes_ = 0;
};

}  // namespace weir
