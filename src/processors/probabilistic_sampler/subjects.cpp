// SPDX-License-Identifier: Apache-2.0
#include "processors/probabilistic_sampler/subjects.h"

#include <charconv>
#include <cmath>

#include "otlp/attributes.h"
#include "ottl/path.h"

namespace weir {

namespace field = otlp::field;
using ottl::Frame;
using ottl::Level;
using ottl::Value;

namespace {

std::optional<uint64_t> priority_of(const Batch& batch, const SpanRecord& span) {
  const auto value = otlp::find_span_attribute(batch, span, "sampling.priority");
  if (!value) return std::nullopt;
  double number = -1;
  if (value->type == otlp::AnyValue::Type::kInt) number = static_cast<double>(value->integer);
  if (value->type == otlp::AnyValue::Type::kDouble) number = value->real;
  if (value->is_string()) {
    const char* end = value->bytes.data() + value->bytes.size();
    double parsed = 0;
    const auto result = std::from_chars(value->bytes.data(), end, parsed);
    if (result.ec == std::errc{} && result.ptr == end) number = parsed;
  }
  if (number > 0) return 0;
  return number == 0 ? std::optional<uint64_t>(kNeverSampled) : std::nullopt;
}

// What is hashed of an attribute: its bytes, or its text.
std::string_view hashed_bytes(const Value& value, Frame& frame) {
  if (value.type == ottl::Type::kString || value.type == ottl::Type::kBytes) return value.text();
  std::string text;
  if (!append_text(value, text)) return {};
  return frame.arena().copy(text);
}

std::string_view text_of(const ottl::ExprPtr& attribute, Frame& frame) {
  const Value value = attribute->eval(frame);
  return value.is_string() ? value.text() : std::string_view();
}

}  // namespace

SamplingSubject SpanSubjects::read(Frame& frame) const {
  const SpanRecord& span = frame.span();
  SamplingSubject subject;
  const std::string_view state = span.has_trace_state ? otlp::trace_state(frame.batch(), span) : std::string_view();
  subject.state = SamplingState::parse(state, subject.parsed);
  subject.id = span.trace_id;
  subject.forced = priority_of(frame.batch(), span);
  return subject;
}

void SpanSubjects::write(Frame& frame, const SamplingState& state) const {
  frame.message().set_bytes(field::span::kTraceState, frame.arena().copy(state.text()));
}

LogSubjects::LogSubjects(const ProbabilisticSamplerConfig& config, ottl::Unit& unit)
    : by_trace_id_(config.attribute_source == "traceID"),
      hashes_(config.mode == SamplerMode::kHashSeed),
      precision_(config.sampling_precision),
      randomness_(make_attribute(unit, Level::kItem, "sampling.randomness")),
      threshold_(make_attribute(unit, Level::kItem, "sampling.threshold")) {
  if (!config.from_attribute.empty()) hashed_ = make_attribute(unit, Level::kItem, config.from_attribute);
  if (!config.sampling_priority.empty()) priority_ = make_attribute(unit, Level::kItem, config.sampling_priority);
}

// Nothing where there is no such attribute, or it is no percentage; 0 asks for nothing.
std::optional<uint64_t> LogSubjects::threshold_asked_for(Frame& frame) const {
  if (!priority_) return std::nullopt;
  const Value value = priority_->eval(frame);
  double share = 0;
  if (value.type == ottl::Type::kInt) share = static_cast<double>(value.integer) / 100;
  if (value.type == ottl::Type::kDouble) share = value.real / 100;
  if (!(share >= std::ldexp(1.0, -56) && share <= 1)) return std::nullopt;
  return threshold_of(share, precision_);
}

SamplingSubject LogSubjects::read(Frame& frame) const {
  SamplingSubject subject;
  subject.state = SamplingState::of(text_of(randomness_, frame), text_of(threshold_, frame), subject.parsed);
  const std::string_view id = frame.message().bytes(field::log_record::kTraceId).value_or(std::string_view());
  // The other modes take the id whatever attribute_source says.
  if ((by_trace_id_ || !hashes_) && id.size() == TraceId().bytes().size()) subject.id = TraceId::from_bytes(id);
  if (hashed_) subject.hashed = hashed_bytes(hashed_->eval(frame), frame);
  subject.forced = threshold_asked_for(frame);
  return subject;
}

void LogSubjects::write(Frame& frame, const SamplingState& state) const {
  const auto put = [&frame](const ottl::ExprPtr& attribute, std::string_view text) {
    attribute->set(frame, owned_string(text, frame.arena()));
  };
  if (state.randomness()) put(randomness_, state.randomness_text());
  if (state.threshold()) put(threshold_, state.threshold_text());
}

}  // namespace weir
