// SPDX-License-Identifier: Apache-2.0
#include "test_components.h"

#include <stdexcept>

#include "config/load.h"
#include "connectors/forward/config.h"
#include "connectors/service_graph/service_graph.h"
#include "connectors/span_metrics/span_metrics.h"
#include "processors/batch/batch.h"
#include "processors/memory_limiter/memory_limiter.h"
#include "processors/tail_sampling/tail_sampling.h"
#include "processors/transform/transform.h"

namespace weir::test {

using config::ComponentKind;

ComponentList test_components(Received& received) {
  ComponentList list;
  const ComponentList::Signals traces{Signal::kTraces}, both{Signal::kTraces, Signal::kMetrics};
  list.known({ComponentKind::kReceiver, "otlp", {}, traces, {}, {}, ""});
  list.known({ComponentKind::kConnector,
              "forward",
              {},
              {},
              {{Signal::kTraces, Signal::kTraces}},
              config::check_as<ForwardConfig>(),
              ""});
  list.processor("batch", both, make_batch);
  list.processor("memory_limiter", both, make_memory_limiter);
  list.processor("transform", both, make_transform);
  list.processor("tail_sampling", traces, make_tail_sampling);
  list.connector("service_graph", {"servicegraph"}, make_service_graph);
  list.connector("span_metrics", {"spanmetrics"}, make_span_metrics);
  list.exporters["sink"] = [&received](const config::Value& body, const ComponentEnv& env) {
    return make_sink(ComponentList::decode_body<SinkConfig>(body), env, received);
  };
  list.known({ComponentKind::kExporter, "sink", {}, both, {}, config::check_as<SinkConfig>(), ""});
  return list;
}

config::ServiceConfig load_test_config(const std::string& text, const ComponentList& list) {
  config::Sources sources;
  sources.env = [](const std::string&) { return std::nullopt; };
  sources.file = [&text](const std::string&, std::string&) { return text; };
  config::Problems problems;
  config::ServiceConfig loaded = config::load({"test.yaml"}, {}, sources, list.catalog, problems);
  std::string errors;
  for (const config::Problem& problem : problems.all()) {
    if (!problem.warning) errors += problem.to_string() + "\n";
  }
  if (!errors.empty()) throw std::runtime_error(errors);
  return loaded;
}

}  // namespace weir::test
