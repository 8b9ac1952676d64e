// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace weir::bench {

// What a made span is, for whoever checks what became of it.
struct SpanFacts {
  uint64_t trace_hi = 0, trace_lo = 0, span_id = 0;
  uint32_t duration_ms = 0;
  bool error = false;
  uint32_t number = 0;  // of its pair in the request: thread.id is 140000 + number, http.route goes round four routes
};

// Something to send: OTLP trace export requests, one after another.
class Source {
 public:
  virtual ~Source() = default;
  // The request's bytes, valid until the next call. now_ns: the present, since 1970.
  virtual const std::string& next(uint64_t now_ns) = 0;
  virtual const std::vector<SpanFacts>& facts() const = 0;  // of the last request
  uint32_t spans() const { return static_cast<uint32_t>(facts().size()); }
};

// Makes OTLP trace export requests: traces of two spans, a CLIENT span of "frontend" and the SERVER span it calls in
// "backend", about 360 bytes each, with fresh ids and present times in each request. The bytes are built once; next()
// only patches ids, times and statuses, so that the generator costs little beside what it measures. Deterministic from
// the seed, but for the time.
class Traffic final : public Source {
 public:
  Traffic(uint32_t spans_per_request, uint64_t seed, double error_share = 0.01);
  const std::string& next(uint64_t now_ns) override;
  const std::vector<SpanFacts>& facts() const override { return facts_; }

 private:
  struct Place {  // offsets of what is patched in one span
    size_t trace_id = 0, span_id = 0, parent_id = 0, start = 0, end = 0, status = 0;
  };
  void add_resource(const std::string& service, bool server, uint32_t pairs);
  Place make_span(std::string& out, bool server, uint32_t number) const;
  void patch(size_t index, const SpanFacts& facts, uint64_t parent, uint64_t end_ns);
  uint64_t random();

  std::string bytes_;
  std::vector<Place> places_;  // all client spans, then all server spans
  std::vector<SpanFacts> facts_;
  uint64_t state_;
  double error_share_;
};

}  // namespace weir::bench
