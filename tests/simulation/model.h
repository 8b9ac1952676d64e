// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "backend.h"
#include "weir/clock.h"

namespace weir::test {

// What the senders of a simulated run know: every span, when its request was sent and what was answered.
struct SentSpan {
  uint64_t trace = 0;
  uint64_t id = 0;
  bool error = false;
  uint64_t start_ms = 0, end_ms = 0;
  Duration sent{0};                                                         // wall
  enum class State : uint8_t { kUnknown, kAcked } state = State::kUnknown;  // refused is unknown: it may be on the disk
};

class Model {
 public:
  explicit Model(uint64_t seed) : random_(seed) {}

  // The next request: a few spans of traces that are still being sent. Gives its bytes and which spans it has.
  std::string next_request(Time now, std::vector<size_t>& spans);
  void acked(const std::vector<size_t>& spans);

  // The traces that tail sampling (errors, latency over 500 ms, 10 % of the rest; decision_wait 2s) must have kept,
  // must not have kept, or may have: depends on requests that nobody knows the fate of, and on ticks.
  enum class Fate { kKept, kNotKept, kEither };
  struct Trace {
    Fate fate = Fate::kEither;
    std::vector<const SentSpan*> spans;
  };
  std::map<uint64_t, Trace> traces() const;

  // What is wrong with what a sink got in the end, or "".
  std::string check_sampled(const Backend::Sink& sink) const;
  std::string check_everything(const Backend::Sink& sink) const;
  // `calls`: the sum of all calls counters.
  std::string check_counted(double calls) const;
  uint64_t acked_spans() const;
  const std::vector<SentSpan>& spans() const { return spans_; }

 private:
  struct Open {
    uint64_t trace;
    uint32_t spans_left;
    Duration until;  // wall
    bool fails;
    bool slow;
  };
  SentSpan next_span(Open& trace, Time now);
  static bool keeps(uint64_t trace, const std::vector<const SentSpan*>& spans);

  std::mt19937_64 random_;
  std::vector<SentSpan> spans_;
  std::vector<Open> open_;
  uint64_t next_trace_ = 1;
  uint64_t next_id_ = 1;
};

}  // namespace weir::test
