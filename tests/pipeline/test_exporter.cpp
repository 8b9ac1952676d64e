// SPDX-License-Identifier: Apache-2.0
#include "test_exporter.h"

#include <algorithm>
#include <deque>

#include "otlp/attributes.h"
#include "otlp/metrics_reader.h"

namespace weir::test {

namespace {

// "000…0a1" -> "a1"
std::string short_hex(std::string_view bytes) {
  const std::string hex = to_hex(bytes);
  const size_t first = hex.find_first_not_of('0');
  return first == std::string::npos ? "0" : hex.substr(first);
}

std::string span_line(const Batch& batch, const SpanRecord& span) {
  std::string line = "trace=" + short_hex(span.trace_id.bytes()) + " span=" + short_hex(span.span_id.bytes());
  if (const auto service = otlp::service_name(batch, batch.scopes[span.scope].resource))
    line += " service=" + std::string(*service);
  return line + " name=" + std::string(batch.name(span));
}

std::string number(double value) {
  std::string text;
  otlp::append_double(value, text);
  return text;
}

std::string series_name(const otlp::MetricView& metric, std::string_view point) {
  std::vector<std::string> labels;
  otlp::for_each_point_attribute(metric.type, point, [&](const otlp::Attribute& attribute) {
    if (attribute.key != "collector.instance.id")
      labels.push_back(std::string(attribute.key) + "=" + otlp::to_text(attribute.value));
  });
  std::sort(labels.begin(), labels.end());
  std::string name = std::string(metric.name) + "{";
  for (const std::string& label : labels) name += (name.back() == '{' ? "" : ",") + label;
  return name + "}";
}

void note_metrics(const Batch& batch, std::map<std::string, std::string>& series) {
  for (const ItemRecord& item : batch.items) {
    otlp::MetricView metric;
    if (!otlp::read_metric(batch.view(item.part, item.body), metric)) continue;
    otlp::for_each_point(metric, [&](std::string_view message) {
      otlp::MetricPoint point;
      otlp::read_point(metric.type, message, point);
      const bool counted =
          metric.type == otlp::MetricType::kHistogram || metric.type == otlp::MetricType::kExponentialHistogram;
      series[series_name(metric, message)] =
          counted ? "count=" + std::to_string(point.count) + " sum=" + number(point.sum) : number(point.value);
    });
  }
}

class SinkStage final : public Stage {
 public:
  SinkStage(const SinkConfig& config, const ComponentEnv& env, Received& received)
      : config_(config), env_(env), received_(received) {}

  void consume(Batch&& batch) override {
    if (batch.signal == Signal::kMetrics) note_metrics(batch, received_.series[env_.id]);
    for (const SpanRecord& span : batch.spans) received_.spans[env_.id].push_back(span_line(batch, span));
    if (config_.delay.count() == 0) return settle_at_door(*env_.ledger, batch, Settled::exported());
    waiting_.emplace_back(now_ + config_.delay, std::move(batch));
  }
  void on_tick(Time now) override {
    now_ = now.mono;
    while (!waiting_.empty() && waiting_.front().first <= now_) {
      settle_at_door(*env_.ledger, waiting_.front().second, Settled::exported());
      waiting_.pop_front();
    }
  }
  uint64_t held() const override {
    uint64_t spans = 0;
    for (const auto& [due, batch] : waiting_) spans += batch.spans.size();
    return spans;
  }
  void add_held(std::vector<uint64_t>& by_destination) const override {
    for (const auto& [due, batch] : waiting_) {
      for (const SpanRecord& span : batch.spans) ++by_destination[batch.parts[span.part].destination];
    }
  }
  void abandon() override {
    for (const auto& [due, batch] : waiting_)
      settle_at_door(*env_.ledger, batch, Settled::dropped(DropReason::kShutdown));
    waiting_.clear();
  }

 private:
  const SinkConfig config_;
  const ComponentEnv env_;
  Received& received_;
  Duration now_{0};
  std::deque<std::pair<Duration, Batch>> waiting_;
};

class Sink final : public Exporter {
 public:
  Sink(const SinkConfig& config, const ComponentEnv& env, Received& received)
      : config_(config), env_(env), received_(received) {}
  std::unique_ptr<Stage> make_stage(Shard&) override { return std::make_unique<SinkStage>(config_, env_, received_); }

 private:
  const SinkConfig config_;
  const ComponentEnv env_;
  Received& received_;
};

}  // namespace

const config::Fields<SinkConfig>& SinkConfig::fields() {
  static const config::Fields<SinkConfig> table{config::field("delay", &SinkConfig::delay, "how long an export takes")};
  return table;
}

std::unique_ptr<Exporter> make_sink(const SinkConfig& config, const ComponentEnv& env, Received& received) {
  return std::make_unique<Sink>(config, env, received);
}

}  // namespace weir::test
