// SPDX-License-Identifier: Apache-2.0
#include "config/advice.h"

#include <algorithm>
#include <array>
#include <functional>

#include "config/pipeline_paths.h"

namespace weir::config {
namespace {

using Kind = ComponentKind;

constexpr Duration kDefaultDecisionWait = std::chrono::seconds(30);
// Tempo's generator looks at spans that ended up to 30 s ago; queue, batch and network take some of that.
constexpr Duration kTooLateForTempo = std::chrono::seconds(25);

std::string quoted(const ComponentId& id) { return "\"" + id.to_string() + "\""; }

// A value deep in a body; null where it is not written.
const Value* at_path(const Value& body, std::initializer_list<std::string_view> keys) {
  const Value* value = &body;
  for (const std::string_view key : keys) value = value == nullptr ? nullptr : value->find(key);
  return value == nullptr || value->is_null() ? nullptr : value;
}

bool has_entries(const Value* value) { return value != nullptr && (!value->list.empty() || !value->map.empty()); }

bool mentions_tempo(std::string_view text) {
  constexpr std::string_view kTempo = "tempo";
  const auto same = [](char a, char b) { return (a | 0x20) == b; };
  return std::search(text.begin(), text.end(), kTempo.begin(), kTempo.end(), same) != text.end();
}

class Advice {
 public:
  Advice(const ServiceConfig& config, const ComponentCatalog& catalog, Problems& problems)
      : config_(config), paths_(config, catalog), problems_(problems) {}

  void give() {
    for (const PipelineConfig& pipeline : config_.pipelines) {
      if (pipeline.signal != Signal::kTraces) continue;
      for (const Reference& exporter : pipeline.exporters) {
        if (config_.find(Kind::kConnector, exporter.id) != nullptr) connector(pipeline, exporter);
      }
      for (const Reference& processor : pipeline.processors) {
        if (is_sampler(processor)) sampler(pipeline, processor);
      }
    }
  }

 private:
  bool is_sampler(const Reference& processor) const {
    return paths_.type_of(Kind::kProcessor, processor.id) == "tail_sampling";
  }

  void connector(const PipelineConfig& pipeline, const Reference& connector) {
    const std::string type = paths_.type_of(Kind::kConnector, connector.id);
    if (type != "span_metrics" && type != "service_graph") return;
    measured_after_sampling(pipeline, connector);
    const ComponentConfig& config = *config_.find(Kind::kConnector, connector.id);
    if (!remote_writes(connector.id)) return;
    if (type == "span_metrics") delta_into_remote_write(config);
    if (type == "service_graph") edges_counted_twice(config);
  }

  void measured_after_sampling(const PipelineConfig& pipeline, const Reference& connector) {
    for (const PipelineConfig* before : paths_.upstream(pipeline)) {
      const auto sampler = std::find_if(before->processors.begin(), before->processors.end(),
                                        [&](const Reference& processor) { return is_sampler(processor); });
      if (sampler == before->processors.end()) continue;
      return problems_.warn(connector.place, pipeline.path(),
                            "connector " + quoted(connector.id) + " stands behind " + quoted(sampler->id) +
                                (before == &pipeline ? "" : " of " + before->id.to_string()) +
                                " and measures only the traces that were kept; name it in a pipeline before the "
                                "sampler, which a forward connector feeds");
    }
  }

  // Each of these once, however many pipelines name the connector.
  void warn_once(const Place& place, const std::string& path, const std::string& text) {
    const auto& all = problems_.all();
    const bool said = std::any_of(all.begin(), all.end(),
                                  [&](const Problem& problem) { return problem.path == path && problem.text == text; });
    if (!said) problems_.warn(place, path, text);
  }

  void delta_into_remote_write(const ComponentConfig& connector) {
    const Value* temporality = connector.body.find("aggregation_temporality");
    if (temporality == nullptr || temporality->text != "AGGREGATION_TEMPORALITY_DELTA") return;
    warn_once(temporality->place, connector.path(Kind::kConnector) + "::aggregation_temporality",
              "prometheus_remote_write drops delta metrics; remove the key, or write "
              "AGGREGATION_TEMPORALITY_CUMULATIVE");
  }

  void edges_counted_twice(const ComponentConfig& connector) {
    for (const ComponentConfig& exporter : config_.exporters) {
      if (!exporter.used || !goes_to_tempo(exporter)) continue;
      return warn_once(connector.place, connector.path(Kind::kConnector),
                       "exporter " + quoted(exporter.id) +
                           " sends the same spans to Tempo: where its metrics generator writes service graphs to the "
                           "same Prometheus, edges are counted twice; leave service-graphs out of the generator's "
                           "processors, or remove this connector");
    }
  }

  // True where metrics of the connector reach a prometheus_remote_write exporter.
  bool remote_writes(const ComponentId& connector) const {
    for (const PipelineConfig* fed : paths_.fed_by(connector)) {
      for (const PipelineConfig* pipeline : paths_.downstream(*fed)) {
        for (const Reference& exporter : pipeline->exporters) {
          if (paths_.type_of(Kind::kExporter, exporter.id) == "prometheus_remote_write") return true;
        }
      }
    }
    return false;
  }

  bool goes_to_tempo(const ComponentConfig& exporter) const {
    const std::string type = paths_.type_of(Kind::kExporter, exporter.id);
    if (type != "otlp_grpc" && type != "otlp_http") return false;
    for (const char* key : {"endpoint", "traces_endpoint"}) {
      const Value* endpoint = exporter.body.find(key);
      if (endpoint != nullptr && mentions_tempo(endpoint->text)) return true;
    }
    return mentions_tempo(exporter.id.name);
  }

  void sampler(const PipelineConfig& pipeline, const Reference& sampler) {
    too_late_for_tempo(pipeline, sampler);
    for (const PipelineConfig* before : paths_.upstream(pipeline)) {
      for (const Reference& processor : before->processors) {
        if (before == &pipeline && processor.id == sampler.id) break;
        split_before(*before, processor, sampler);
      }
    }
  }

  void too_late_for_tempo(const PipelineConfig& pipeline, const Reference& sampler) {
    const ComponentConfig& config = *config_.find(Kind::kProcessor, sampler.id);
    const Value* after_root = at_path(config.body, {"decision_wait_after_root_received"});
    if (after_root != nullptr && parse_duration(after_root->text).value_or(Duration{0}) > Duration{0}) return;
    const Value* written = at_path(config.body, {"decision_wait"});
    const Duration wait =
        written == nullptr ? kDefaultDecisionWait : parse_duration(written->text).value_or(Duration{0});
    const std::string tempo = tempo_behind(pipeline);
    if (wait < kTooLateForTempo || tempo.empty()) return;
    warn_once(written == nullptr ? config.place : written->place, config.path(Kind::kProcessor) + "::decision_wait",
              (written == nullptr ? "the default of 30s is" : "is") +
                  std::string(" too long for exporter \"" + tempo +
                              "\": Tempo's metrics generator ignores spans that ended more than 30s ago; write 10s, or "
                              "raise metrics_generator.metrics_ingestion_time_range_slack in Tempo"));
  }

  // The exporter to Tempo that is reached from there; "" where there is none.
  std::string tempo_behind(const PipelineConfig& start) const {
    for (const PipelineConfig* pipeline : paths_.downstream(start)) {
      for (const Reference& reference : pipeline->exporters) {
        const ComponentConfig* exporter = config_.find(Kind::kExporter, reference.id);
        if (exporter != nullptr && goes_to_tempo(*exporter)) return reference.id.to_string();
      }
    }
    return "";
  }

  void split_before(const PipelineConfig& pipeline, const Reference& processor, const Reference& sampler) {
    const std::string what = harm_of(processor);
    if (what.empty()) return;
    problems_.warn(processor.place, pipeline.path(),
                   "processor " + quoted(processor.id) + " stands before " + quoted(sampler.id) + " and " + what);
  }

  // What a processor does to traces that are yet to be judged; "" where it leaves them whole.
  std::string harm_of(const Reference& processor) const {
    const std::string type = paths_.type_of(Kind::kProcessor, processor.id);
    const Value& body = config_.find(Kind::kProcessor, processor.id)->body;
    if (type == "probabilistic_sampler")
      return "drops traces that its policies would keep; put it behind, or use a policy of type probabilistic";
    if (type == "batch") {
      const Value* cap = at_path(body, {"send_batch_max_size"});
      if (cap == nullptr || cap->integer == 0) return "";
      return "cuts traces into pieces that come late; put it behind";
    }
    if (type != "filter") return "";
    const bool takes_spans = has_entries(at_path(body, {"traces", "span"})) ||
                             has_entries(at_path(body, {"traces", "resource"})) ||
                             has_entries(at_path(body, {"spans"})) || has_entries(at_path(body, {"trace_conditions"}));
    return takes_spans ? "takes spans out of traces that its policies should see whole; put it behind" : "";
  }

  const ServiceConfig& config_;
  const PipelinePaths paths_;
  Problems& problems_;
};

}  // namespace

void advise(const ServiceConfig& config, const ComponentCatalog& catalog, Problems& problems) {
  Advice(config, catalog, problems).give();
}

}  // namespace weir::config
