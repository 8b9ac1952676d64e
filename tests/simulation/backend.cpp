// SPDX-License-Identifier: Apache-2.0
#include "backend.h"

#include <algorithm>

#include "otlp/attributes.h"
#include "otlp/metrics_reader.h"

namespace weir::test {

namespace {

struct BackendConfig {
  QueueConfig queue;
  RetryConfig retry;
  static const config::Fields<BackendConfig>& fields() {
    static const config::Fields<BackendConfig> table{
        config::field("sending_queue", &BackendConfig::queue, "queue before the destination"),
        config::field("retry_on_failure", &BackendConfig::retry, "what is tried again")};
    return table;
  }
};

uint64_t number_of(const SpanId& id) {
  uint64_t number = 0;
  for (const char c : id.bytes()) number = number << 8 | static_cast<unsigned char>(c);
  return number;
}

std::string series_key(const otlp::MetricView& metric, std::string_view point) {
  std::vector<std::string> labels;
  otlp::for_each_point_attribute(metric.type, point, [&](const otlp::Attribute& attribute) {
    if (attribute.key != "collector.instance.id")
      labels.push_back(std::string(attribute.key) + "=" + otlp::to_text(attribute.value));
  });
  std::sort(labels.begin(), labels.end());
  std::string key(metric.name);
  for (const std::string& label : labels) key += " " + label;
  return key;
}

void note_series(const Batch& batch, Backend::Sink& sink) {
  for (const ItemRecord& item : batch.items) {
    otlp::MetricView metric;
    if (!otlp::read_metric(batch.view(item.part, item.body), metric)) continue;
    otlp::for_each_point(metric, [&](std::string_view message) {
      otlp::MetricPoint point;
      otlp::read_point(metric.type, message, point);
      const bool counted =
          metric.type == otlp::MetricType::kHistogram || metric.type == otlp::MetricType::kExponentialHistogram;
      const double value = counted ? static_cast<double>(point.count) : point.value;
      const std::string key = series_key(metric, message);
      double& last = sink.series[key];
      if (value < last) {
        sink.complaints.push_back(key + " went from " + std::to_string(last) + " to " + std::to_string(value));
      }
      last = value;
    });
  }
}

// What a processor added must be the same whenever the span comes.
void note_span(const Batch& batch, const SpanRecord& span, Backend::Sink& sink) {
  const uint64_t id = number_of(span.span_id);
  ++sink.deliveries[id];
  otlp::for_each_span_attribute(batch, span, [&](const otlp::Attribute& attribute) {
    if (attribute.key != "stamp") return;
    std::string& stamp = sink.stamps[id];
    if (stamp.empty()) stamp = attribute.value.bytes;
    if (stamp == attribute.value.bytes) return;
    sink.complaints.push_back("span " + std::to_string(id) + " came with two stamps");
  });
}

class BackendTransport final : public Transport {
 public:
  BackendTransport(Backend& backend, std::string id, Shard& home)
      : backend_(backend), id_(std::move(id)), home_(home) {}

  void send(const Batch& batch, absl::AnyInvocable<void(SendResult)> done) override {
    sink().under_way += batch.spans.size();
    home_.post([this, alive = std::weak_ptr<int>(alive_), &batch, done = std::move(done)]() mutable {
      if (alive.expired()) return;
      sink().under_way -= batch.spans.size();
      done(take(batch));
    });
  }

 private:
  Backend::Sink& sink() { return backend_.sinks[id_]; }

  SendResult take(const Batch& batch) {
    Backend::Sink& to = sink();
    if (!to.up) return {SendResult::Kind::kRetry, 0, "down", Duration{0}};
    for (const SpanRecord& span : batch.spans) {
      if (!to.poison.contains(number_of(span.span_id))) continue;
      SendResult refused{SendResult::Kind::kPermanent, 0, "one odd span", Duration{0}};
      refused.data_refused = true;
      return refused;
    }
    for (const SpanRecord& span : batch.spans) note_span(batch, span, to);
    to.recent.emplace_back(backend_.now, batch.spans.size());
    if (batch.signal == Signal::kMetrics) note_series(batch, to);
    if (!backend_.chance(to.lose_answers_percent)) return {};
    to.answers_lost += batch.spans.size();
    return {SendResult::Kind::kRetry, 0, "no answer", Duration{0}};
  }

  Backend& backend_;
  const std::string id_;
  Shard& home_;
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);
};

}  // namespace

void add_backend_exporter(ComponentList& list, Backend& backend) {
  const ComponentList::Signals both{Signal::kTraces, Signal::kMetrics};
  list.exporters["backend"] = [&backend](const config::Value& body, const ComponentEnv& env) {
    const auto config = ComponentList::decode_body<BackendConfig>(body);
    return make_queued_exporter(env, QueueSetup{config.queue, config.retry, {}}, [&backend, id = env.id](Shard& home) {
      return std::make_unique<BackendTransport>(backend, id, home);
    });
  };
  list.known({config::ComponentKind::kExporter, "backend", {}, both, {}, config::check_as<BackendConfig>(), ""});
}

}  // namespace weir::test
