// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "weir/batch.h"
#include "weir/clock.h"

namespace weir {

// What both OTLP exporters know of the protocol (seed-systems §11).

// "/v1/traces", …
std::string_view otlp_path(Signal signal);
// "/opentelemetry.proto.collector.trace.v1.TraceService/Export", …
std::string_view otlp_grpc_method(Signal signal);
// "spans", "metric_points", "log_records": the end of the collector's metric names.
std::string_view items_name(Signal signal);

// A Go duration as the collector prints it: "1m30s", "5.5s", "200ms".
std::string go_duration(Duration duration);

}  // namespace weir
