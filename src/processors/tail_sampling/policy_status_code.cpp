// SPDX-License-Identifier: Apache-2.0
#include "processors/tail_sampling/policies.h"

namespace weir {

namespace {

class StatusCodePolicy final : public Policy {
 public:
  explicit StatusCodePolicy(uint8_t wanted) : wanted_(wanted) {}
  Decision decide(const TraceFacts& trace, Time) override { return sampled_if((trace.statuses & wanted_) != 0); }

 private:
  const uint8_t wanted_;  // bit (1 << StatusCode)
};

uint8_t bit_of(const std::string& word) {
  if (word == "OK") return 1U << static_cast<int>(StatusCode::kOk);
  if (word == "ERROR") return 1U << static_cast<int>(StatusCode::kError);
  if (word == "UNSET") return 1U << static_cast<int>(StatusCode::kUnset);
  return 0;
}

struct StatusCodeSpec final : PolicySpec {
  std::vector<std::string> status_codes;

  static const config::Fields<StatusCodeSpec>& fields() {
    static const config::Fields<StatusCodeSpec> table{
        config::field("status_codes", &StatusCodeSpec::status_codes,
                      "sample traces with such a span: OK, ERROR, UNSET"),
    };
    return table;
  }
  void validate(const config::Value& at, const std::string& path, config::Problems& problems) const {
    if (status_codes.empty()) problems.error(at.place, path, "expected at least one status code to filter on");
    for (const std::string& word : status_codes) {
      if (bit_of(word) != 0) continue;
      problems.error(at.place, path, "unknown status code \"" + word + "\", supported: OK, ERROR, UNSET");
    }
  }
  std::unique_ptr<Policy> build(SpanTests&) const override {
    uint8_t wanted = 0;
    for (const std::string& word : status_codes) wanted = static_cast<uint8_t>(wanted | bit_of(word));
    return std::make_unique<StatusCodePolicy>(wanted);
  }
};

}  // namespace

SpecRef read_status_code(const config::At& block) { return read_spec<StatusCodeSpec>(block); }

}  // namespace weir
