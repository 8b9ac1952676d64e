// SPDX-License-Identifier: Apache-2.0
#include "daemon/components.h"

#include "connectors/forward/config.h"
#include "connectors/service_graph/service_graph.h"
#include "connectors/span_metrics/span_metrics.h"
#include "exporters/debug/debug.h"
#include "exporters/file/file.h"
#include "exporters/nop/nop.h"
#ifdef WEIR_HAS_GRPC
#include "exporters/otlp_grpc/otlp_grpc.h"
#endif
#include "exporters/otlp_http/otlp_http.h"
#include "exporters/prometheus/prometheus.h"
#include "exporters/prometheus_remote_write/prometheus_remote_write.h"
#include "extensions/basicauth/config.h"
#include "extensions/bearertokenauth/config.h"
#include "extensions/file_storage/config.h"
#include "extensions/health_check/config.h"
#include "extensions/pprof/pprof.h"
#include "extensions/zpages/config.h"
#include "processors/attributes/attributes.h"
#include "processors/batch/batch.h"
#include "processors/filter/filter.h"
#include "processors/memory_limiter/memory_limiter.h"
#include "processors/probabilistic_sampler/probabilistic_sampler.h"
#include "processors/resource/resource.h"
#include "processors/span/span.h"
#include "processors/tail_sampling/tail_sampling.h"
#include "processors/transform/transform.h"
#include "receivers/nop/config.h"
#include "receivers/otlp/config.h"

namespace weir {

namespace {

using config::ComponentKind;

const ComponentList::Signals kAll = {Signal::kTraces, Signal::kMetrics, Signal::kLogs};
const ComponentList::Signals kTraces = {Signal::kTraces};
const ComponentList::Signals kMetrics = {Signal::kMetrics};

void add_made_by_the_daemon(ComponentList& list) {
  list.known({ComponentKind::kReceiver, "otlp", {}, kAll, {}, config::check_as<OtlpReceiverConfig>(), ""});
  list.known({ComponentKind::kReceiver, "nop", {}, kAll, {}, config::check_as<NopReceiverConfig>(), ""});
  list.known(
      {ComponentKind::kConnector,
       "forward",
       {},
       {},
       {{Signal::kTraces, Signal::kTraces}, {Signal::kMetrics, Signal::kMetrics}, {Signal::kLogs, Signal::kLogs}},
       config::check_as<ForwardConfig>(),
       ""});
  list.known({ComponentKind::kExtension, "health_check", {}, {}, {}, config::check_as<HealthCheckConfig>(), ""});
  list.known({ComponentKind::kExtension, "file_storage", {}, {}, {}, config::check_as<FileStorageConfig>(), ""});
  list.known({ComponentKind::kExtension, "basicauth", {}, {}, {}, config::check_as<BasicAuthConfig>(), ""});
  list.known({ComponentKind::kExtension, "bearertokenauth", {}, {}, {}, config::check_as<BearerTokenAuthConfig>(), ""});
  list.known({ComponentKind::kExtension, "zpages", {}, {}, {}, config::check_as<ZPagesConfig>(), ""});
  list.known({ComponentKind::kExtension, "pprof", {}, {}, {}, config::check_as<PprofConfig>(), ""});
  list.known({ComponentKind::kExtension, "memory_limiter", {}, {}, {}, config::check_as<MemoryLimiterConfig>(), ""});
  // An extension that configs in the field start and whose absence hurts no data.
  list.known({ComponentKind::kExtension,
              "memory_ballast",
              {},
              {},
              {},
              {},
              "memory_ballast does nothing: weir has no garbage collector"});
}

}  // namespace

ComponentList standard_components() {
  ComponentList list;
  add_made_by_the_daemon(list);
  list.processor("batch", kAll, make_batch);
  list.processor("memory_limiter", kAll, make_memory_limiter);
  list.processor("tail_sampling", kTraces, make_tail_sampling);
  list.processor("transform", kAll, make_transform);
  list.processor("filter", kAll, make_filter);
  list.processor("attributes", kAll, make_attributes);
  list.processor("resource", kAll, make_resource);
  list.processor("span", kTraces, make_span);
  list.processor("probabilistic_sampler", {Signal::kTraces, Signal::kLogs}, make_probabilistic_sampler);
  list.connector("service_graph", {"servicegraph"}, make_service_graph);
  list.connector("span_metrics", {"spanmetrics"}, make_span_metrics);
#ifdef WEIR_HAS_GRPC
  list.exporter("otlp_grpc", {"otlp"}, kAll, make_otlp_grpc);
#endif
  list.exporter("otlp_http", {"otlphttp"}, kAll, make_otlp_http);
  list.exporter("prometheus_remote_write", {"prometheusremotewrite"}, kMetrics, make_prometheus_remote_write);
  list.exporter("prometheus", {}, kMetrics, make_prometheus);
  list.exporter("file", {}, kAll, make_file);
  list.exporter("nop", {}, kAll, make_nop);
  list.exporter("debug", {"logging"}, kAll, make_debug);
  return list;
}

}  // namespace weir
