// SPDX-License-Identifier: Apache-2.0
#include "model.h"

#include <algorithm>
#include <set>

#include "otlp_collector_trace.pb.h"

namespace weir::test {

namespace {

constexpr Duration kWindow = std::chrono::seconds(2);
constexpr Duration kTickAtMost = std::chrono::milliseconds(1300);  // decisions are made at whole seconds

std::string big_endian(uint64_t number, size_t size) {
  std::string bytes(size, '\0');
  for (size_t i = 0; i < 8; ++i) bytes[size - 1 - i] = static_cast<char>(number >> (8 * i));
  return bytes;
}

bool drawn(uint64_t trace) {
  uint64_t hash = 14695981039346656037ULL;
  for (const char c : "default-hash-seed" + big_endian(trace, 16)) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
  }
  return static_cast<long double>(hash) / 18446744073709551615.0L <= 0.1L;
}

}  // namespace

SentSpan Model::next_span(Open& trace, Time now) {
  SentSpan span;
  span.trace = trace.trace;
  span.id = next_id_++;
  span.error = trace.fails && trace.spans_left == 1;
  span.start_ms = static_cast<uint64_t>(now.wall / std::chrono::milliseconds(1)) - 10'000;
  span.end_ms = span.start_ms + (trace.slow && trace.spans_left == 1 ? 5000 : random_() % 20);
  span.sent = now.wall;
  --trace.spans_left;
  return span;
}

std::string Model::next_request(Time now, std::vector<size_t>& spans) {
  std::erase_if(open_, [&](const Open& trace) { return trace.spans_left == 0 || trace.until < now.wall; });
  while (open_.size() < 6) {
    open_.push_back({next_trace_++, static_cast<uint32_t>(1 + random_() % 8),
                     now.wall + std::chrono::milliseconds(1500), random_() % 5 == 0, random_() % 8 == 0});
  }
  opentelemetry::proto::collector::trace::v1::ExportTraceServiceRequest request;
  const size_t count = 1 + random_() % 12;
  for (size_t i = 0; i < count; ++i) {
    Open& trace = open_[random_() % open_.size()];
    if (trace.spans_left == 0) continue;
    const SentSpan span = next_span(trace, now);
    spans.push_back(spans_.size());
    spans_.push_back(span);
    opentelemetry::proto::trace::v1::ResourceSpans& resource = *request.add_resource_spans();
    auto& service = *resource.mutable_resource()->add_attributes();
    service.set_key("service.name");
    service.mutable_value()->set_string_value("service-" + std::to_string(span.id % 3));
    opentelemetry::proto::trace::v1::Span& made = *resource.add_scope_spans()->add_spans();
    made.set_name("op");
    made.set_trace_id(big_endian(span.trace, 16));
    made.set_span_id(big_endian(span.id, 8));
    made.set_start_time_unix_nano(span.start_ms * 1'000'000);
    made.set_end_time_unix_nano(span.end_ms * 1'000'000);
    if (span.error) made.mutable_status()->set_code(opentelemetry::proto::trace::v1::Status::STATUS_CODE_ERROR);
  }
  return request.SerializeAsString();
}

void Model::acked(const std::vector<size_t>& spans) {
  for (const size_t i : spans) spans_[i].state = SentSpan::State::kAcked;
}

bool Model::keeps(uint64_t trace, const std::vector<const SentSpan*>& spans) {
  if (spans.empty()) return false;
  uint64_t first = UINT64_MAX, last = 0;
  for (const SentSpan* span : spans) {
    if (span->error) return true;
    first = std::min(first, span->start_ms);
    last = std::max(last, span->end_ms);
  }
  return last - first > 500 || drawn(trace);
}

std::map<uint64_t, Model::Trace> Model::traces() const {
  std::map<uint64_t, Trace> traces;
  for (const SentSpan& span : spans_) traces[span.trace].spans.push_back(&span);
  for (auto& [id, trace] : traces) {
    const auto is_acked = [](const SentSpan* span) { return span->state == SentSpan::State::kAcked; };
    const auto first_acked = std::find_if(trace.spans.begin(), trace.spans.end(), is_acked);
    std::vector<const SentSpan*> least, most;
    for (const SentSpan* span : trace.spans) {
      if (is_acked(span) && span->sent <= trace.spans.front()->sent + kWindow) least.push_back(span);
      const bool in_time =
          first_acked == trace.spans.end() || span->sent <= (*first_acked)->sent + kWindow + kTickAtMost;
      if (in_time) most.push_back(span);
    }
    trace.fate = keeps(id, least) ? Fate::kKept : keeps(id, most) ? Fate::kEither : Fate::kNotKept;
  }
  return traces;
}

std::string Model::check_sampled(const Backend::Sink& sink) const {
  for (const auto& [id, trace] : traces()) {
    uint64_t acked = 0, there = 0, any = 0;
    for (const SentSpan* span : trace.spans) {
      const bool delivered = sink.deliveries.contains(span->id);
      any += delivered ? 1 : 0;
      if (span->state != SentSpan::State::kAcked) continue;
      ++acked;
      there += delivered ? 1 : 0;
    }
    const std::string which = "trace " + std::to_string(id) + ": " + std::to_string(there) + " of " +
                              std::to_string(acked) + " acknowledged spans arrived";
    if (there != 0 && there != acked) return which + ": it is split";
    if (trace.fate == Fate::kKept && there != acked) return which + ", it was to be kept";
    if (trace.fate == Fate::kNotKept && any != 0) return which + ", it was not to be kept";
  }
  return "";
}

std::string Model::check_everything(const Backend::Sink& sink) const {
  for (const SentSpan& span : spans_) {
    const bool delivered = sink.deliveries.contains(span.id);
    if (sink.poison.contains(span.id)) {
      if (delivered) return "a refused span arrived";
    } else if (span.state == SentSpan::State::kAcked && !delivered) {
      return "span " + std::to_string(span.id) + " was acknowledged and is missing";
    }
  }
  return "";
}

std::string Model::check_counted(double calls) const {
  const uint64_t acked = acked_spans();
  if (calls >= static_cast<double>(acked) && calls <= static_cast<double>(spans_.size())) return "";
  return "counted " + std::to_string(calls) + " spans, acknowledged were " + std::to_string(acked) + " of " +
         std::to_string(spans_.size());
}

uint64_t Model::acked_spans() const {
  return static_cast<uint64_t>(std::count_if(
      spans_.begin(), spans_.end(), [](const SentSpan& span) { return span.state == SentSpan::State::kAcked; }));
}

}  // namespace weir::test
