// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace weir {

// 56-bit numbers of consistent probability sampling (OpenTelemetry's trace state `ot=rv:…;th:…`). A record is sampled
// where threshold <= randomness.
inline constexpr uint64_t kSamplingRange = uint64_t{1} << 56;
inline constexpr uint64_t kNeverSampled = kSamplingRange;

// A trace state taken apart. Views live as long as the text it was read from.
class SamplingState {
 public:
  // `good` is false where the text is no W3C trace state, or its `ot` entry is none: the state then holds what of it
  // is.
  static SamplingState parse(std::string_view trace_state, bool& good);

  // From the texts of both, as log records have them ("" = absent); `good` is false where one is none.
  static SamplingState of(std::string_view randomness, std::string_view threshold, bool& good);

  std::optional<uint64_t> randomness() const { return randomness_; }
  std::optional<uint64_t> threshold() const { return threshold_; }
  void set_randomness(uint64_t value) {
    randomness_ = value;
    randomness_text_ = digits(value);
  }
  // False, and nothing changed, where that would raise the probability that is written there.
  bool set_threshold(uint64_t value);
  void clear_threshold() { threshold_.reset(); }
  std::string text() const;
  // Of the one and the other, where they are there.
  const std::string& randomness_text() const { return randomness_text_; }
  const std::string& threshold_text() const { return threshold_text_; }

 private:
  static std::string digits(uint64_t value);  // 14 hex digits
  bool read_randomness(std::string_view text);
  bool read_threshold(std::string_view text);
  bool parse_own(std::string_view entry);
  bool parse_all(std::string_view trace_state);

  std::optional<uint64_t> randomness_, threshold_;
  std::string randomness_text_, threshold_text_;
  std::vector<std::pair<std::string_view, std::string_view>> own_, others_;
};

// The threshold for a probability, in as many hex digits as `precision` says (more where it is near 0 or 1).
uint64_t threshold_of(double probability, int precision);

}  // namespace weir
