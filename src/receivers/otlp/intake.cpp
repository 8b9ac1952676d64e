// SPDX-License-Identifier: Apache-2.0
#include "receivers/otlp/intake.h"

#include "otlp/json_in.h"

namespace weir {
namespace {

// Below this a request's index is small change beside what its connection costs.
constexpr uint32_t kSmallRequest = 64 << 10;

}  // namespace

Intake::Intake(const ComponentEnv& env, const OtlpAdmissions& admissions, std::string transport)
    : env_(env), transport_(std::move(transport)), admissions_{admissions.traces, admissions.metrics, admissions.logs} {
  for (Signal signal : {Signal::kTraces, Signal::kMetrics, Signal::kLogs}) {
    if (has(signal)) make_counters(signal);
  }
}

void Intake::make_counters(Signal signal) {
  static constexpr std::string_view kItems[] = {"spans", "metric_points", "log_records"};
  static constexpr std::string_view kWords[] = {"spans", "metric points", "log records"};
  const std::string items(kItems[static_cast<size_t>(signal)]);
  const std::string words(kWords[static_cast<size_t>(signal)]);
  const Labels by_transport = {{"receiver", env_.id}, {"transport", transport_}};
  Telemetry& telemetry = *env_.telemetry;
  Counters& mine = counters_[static_cast<size_t>(signal)];
  mine.accepted =
      &telemetry.counter("otelcol_receiver_accepted_" + items,
                         "Number of " + words + " successfully pushed into the pipeline. [Alpha]", by_transport);
  mine.refused =
      &telemetry.counter("otelcol_receiver_refused_" + items,
                         "Number of " + words + " that could not be pushed into the pipeline. [Alpha]", by_transport);
  telemetry.counter(
      "otelcol_receiver_failed_" + items,
      "The number of " + words + " that failed to be processed by the receiver due to internal errors. [Alpha]",
      by_transport);
  mine.rejected =
      &telemetry.counter("weir_" + items + "_rejected_total", "Left out of admitted requests, and why: " + words + ".",
                         {{"receiver", env_.id}, {"reason", "invalid_id"}});
}

bool Intake::open_for_request(Duration now) {
  last_request_.store(now.count(), std::memory_order_relaxed);
  return !draining_.load(std::memory_order_relaxed);
}

bool Intake::transcode(ExportRequest& request, std::string& error) const {
  const std::optional<std::string> protobuf = otlp::json_to_protobuf(request.signal, request.bytes->view(), &error);
  if (!protobuf) return false;
  if (protobuf->size() > UINT32_MAX) {
    error = "request too large";
    return false;
  }
  request.bytes = BufferRef::copy_of(*protobuf, Reservation::take(budget(), protobuf->size()));
  return true;
}

ContextRef Intake::context_of(ExportRequest& request) const {
  return std::make_shared<const Context>(
      Context{env_.id, transport_, std::move(request.peer), request.received, std::move(request.metadata)});
}

// The index is reserved before it is made: first for items of usual size, so that they need not be counted, then for
// what they are. `too_many` says that the budget has no room for it.
otlp::WalkResult Intake::walk(const ExportRequest& request, Batch& batch, Reservation& index) const {
  const uint32_t size = request.bytes->size();
  if (size <= kSmallRequest) return otlp::walk(request.signal, Part{.bytes = request.bytes}, batch);
  index = Reservation::try_take(budget(), size / 2);
  otlp::WalkResult walked = otlp::walk(request.signal, Part{.bytes = request.bytes}, batch, index.bytes());
  if (!walked.too_many) return walked;
  const uint64_t needed = otlp::index_size(request.bytes->view());
  index = Reservation::try_take(budget(), needed);
  if (!index) return walked;
  return otlp::walk(request.signal, Part{.bytes = request.bytes}, batch, needed);
}

void Intake::take(ExportRequest&& request, VerdictFn verdict) {
  std::string error;
  if (request.format == Format::kJson && !transcode(request, error)) {
    return verdict({Verdict::Kind::kMalformed, std::move(error)});
  }
  Batch batch;
  Reservation index;  // while the request is walked and handed on
  otlp::WalkResult walked = walk(request, batch, index);
  if (walked.too_many) {
    const bool never = otlp::index_size(request.bytes->view()) > budget().limit();
    if (never) return verdict({Verdict::Kind::kTooLarge, "too many items in one request"});
    return verdict({Verdict::Kind::kBusy, "out of memory, try again later", kRetryAfter});
  }
  if (!walked.ok) {
    return verdict({walked.too_deep ? Verdict::Kind::kBadData : Verdict::Kind::kMalformed, std::move(walked.error)});
  }
  if (batch.spans.empty() && batch.items.empty()) return verdict({});  // nothing to do, as the collector
  request.bytes = {};
  batch.context = context_of(request);
  admit(std::move(batch), walked.rejected, std::move(walked.rejected_reason), std::move(verdict));
}

void Intake::admit(Batch&& batch, uint32_t rejected, std::string reason, VerdictFn verdict) {
  const auto signal = static_cast<size_t>(batch.signal);
  const auto items = static_cast<double>(batch.item_count());
  const Counters& counters = counters_[signal];
  if (rejected > 0) counters.rejected->add(rejected);
  auto answered = [&counters, items, rejected, reason = std::move(reason),
                   verdict = std::move(verdict)](Answer answer) mutable {
    const bool accepted = answer.kind == Answer::Kind::kAccepted;
    (accepted ? counters.accepted : counters.refused)->add(items);
    Verdict out = verdict_of(std::move(answer));
    if (accepted && rejected > 0) {
      out.rejected = rejected;
      out.message = std::move(reason);
    }
    verdict(std::move(out));
  };
  admissions_[signal]->admit(std::move(batch), std::move(answered));
}

}  // namespace weir
