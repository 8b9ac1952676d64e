// SPDX-License-Identifier: Apache-2.0
#include "exporters/queue_metrics.h"

#include "exporters/otlp_common.h"

namespace weir {

namespace {

std::string words_for(Signal signal) {
  switch (signal) {
    case Signal::kTraces:
      return "spans";
    case Signal::kMetrics:
      return "metric points";
    case Signal::kLogs:
      return "log records";
  }
  return "items";
}

}  // namespace

QueueMetrics::QueueMetrics(const ComponentEnv& env, const Labels& destination)
    : telemetry_(env.telemetry), queue_labels_{{"exporter", env.id}, {"data_type", std::string(name_of(env.signal))}} {
  const std::string items(items_name(env.signal));
  const std::string words = words_for(env.signal);
  const Labels exporter{{"exporter", env.id}};
  Labels with_destination = destination;
  with_destination["exporter"] = env.id;
  sent_ = {"otelcol_exporter_sent_" + items, "Number of " + words + " successfully sent to destination. [Alpha]",
           with_destination};
  failed_ = {"otelcol_exporter_send_failed_" + items,
             "Number of " + words + " in failed attempts to send to destination. [Alpha]", with_destination};
  not_enqueued_ = {"otelcol_exporter_enqueue_failed_" + items,
                   "Number of " + words + " failed to be added to the sending queue. [Alpha]", exporter};
}

void QueueMetrics::add(LazyCounter& to, uint64_t items) {
  if (items == 0 || telemetry_ == nullptr) return;
  const auto shown = [this](LazyCounter& lazy) -> Counter& {
    if (lazy.counter == nullptr) lazy.counter = &telemetry_->counter(lazy.name, lazy.help, lazy.labels);
    return *lazy.counter;
  };
  if (&to == &failed_) shown(sent_);  // at 0: the share of failures can be computed from the first one on
  shown(to).add(static_cast<double>(items));
}

void QueueMetrics::show(uint64_t size, uint64_t capacity, uint64_t in_flight, bool with_queue) {
  if (telemetry_ == nullptr) return;
  if (in_flight_ == nullptr) {
    in_flight_ = &telemetry_->gauge(
        "otelcol_exporter_in_flight_requests",
        "Number of export requests under way, those waiting to be retried included. [Development]", queue_labels_);
  }
  in_flight_->set(static_cast<double>(in_flight));
  if (!with_queue) return;
  if (size_ == nullptr) {
    size_ =
        &telemetry_->gauge("otelcol_exporter_queue_size", "Current size of the sending queue. [Alpha]", queue_labels_);
    capacity_ = &telemetry_->gauge("otelcol_exporter_queue_capacity", "Fixed capacity of the sending queue. [Alpha]",
                                   queue_labels_);
  }
  size_->set(static_cast<double>(size));
  capacity_->set(static_cast<double>(capacity));
}

}  // namespace weir
