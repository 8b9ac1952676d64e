// SPDX-License-Identifier: Apache-2.0
#include "otlp/split_origin.h"

#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <mutex>

namespace weir::otlp {

namespace {

// What a sender would rather hear of: a refusal for good before one that it may repeat, that before a partial success.
int badness(const Settled& how) {
  if (how.outcome != Outcome::kDropped) return 0;
  if (how.reason == DropReason::kRejected) return 1;
  return how.retryable ? 2 : 3;
}

class Halves {
 public:
  Halves(OriginRef whole, uint32_t item, uint32_t front, uint32_t back)
      : whole_(std::move(whole)), item_(item), points_{front, back} {}

  const Origin& whole() const { return *whole_; }

  void settle(size_t half, DestinationId destination, uint64_t weight, const Settled& how) {
    const uint64_t all = uint64_t{points_[0]} + points_[1];
    Settled worst;
    {
      const std::lock_guard lock(mutex_);
      At& at = at_[destination];
      at.points[half] += weight;
      if (badness(how) >= badness(at.worst)) at.worst = how;
      // Several ways to a destination bring each half several times.
      if (at.points[0] < points_[0] || at.points[1] < points_[1]) return;
      for (size_t i = 0; i < 2; ++i) at.points[i] -= points_[i];
      worst = std::exchange(at.worst, Settled::exported());
    }
    whole_->settle(destination, {&item_, 1}, all, worst);
  }

 private:
  struct At {
    std::array<uint64_t, 2> points{};
    Settled worst;
  };
  const OriginRef whole_;
  const uint32_t item_;
  const std::array<uint32_t, 2> points_;
  std::mutex mutex_;
  std::map<DestinationId, At> at_;
};

class HalfOrigin final : public Origin {
 public:
  HalfOrigin(std::shared_ptr<Halves> halves, size_t half) : halves_(std::move(halves)), half_(half) {}
  void settle(DestinationId destination, std::span<const uint32_t>, uint64_t weight, const Settled& how) override {
    halves_->settle(half_, destination, weight, how);
  }
  uint64_t record() const override { return halves_->whole().record(); }
  bool partly_settled() const override { return halves_->whole().partly_settled(); }
  bool settled_before(DestinationId destination, uint32_t item) const override {
    return halves_->whole().settled_before(destination, item);
  }

 private:
  const std::shared_ptr<Halves> halves_;
  const size_t half_;
};

}  // namespace

std::pair<OriginRef, OriginRef> split_origin(OriginRef whole, uint32_t item, uint32_t front, uint32_t back) {
  if (whole == nullptr) return {};
  const auto halves = std::make_shared<Halves>(std::move(whole), item, front, back);
  return {std::make_shared<HalfOrigin>(halves, 0), std::make_shared<HalfOrigin>(halves, 1)};
}

}  // namespace weir::otlp
