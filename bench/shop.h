// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <random>
#include <string>
#include <vector>

#include "traffic.h"

namespace weir::bench {

// Lively traffic for the demo and for tests: a shop of several services (gateway, cart, checkout, payment, recommender,
// triton, a database), one trace a request, with errors and slow requests that run up the call chain.
class Shop final : public Source {
 public:
  Shop(uint64_t seed, double error_share);
  const std::string& next(uint64_t now_ns) override;
  const std::vector<SpanFacts>& facts() const override { return facts_; }

 private:
  struct Call;
  uint64_t visit(const Call& call, uint64_t parent, uint64_t start_ns);
  void add_span(const std::string& service, const std::string& name, int kind, uint64_t id, uint64_t parent,
                uint64_t start_ns, uint64_t end_ns, bool error, const std::string& database);
  double chance();

  std::mt19937_64 random_;
  double error_share_;
  SpanFacts trace_;
  bool failing_ = false;
  std::string bytes_;
  std::vector<SpanFacts> facts_;
};

}  // namespace weir::bench
