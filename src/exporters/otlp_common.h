// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
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

// The answer of a destination to a request it took: ExportXServiceResponse.partial_success.
struct PartialSuccess {
  uint64_t rejected = 0;
  std::string message;
};
// Empty where the bytes are not such a message.
std::optional<PartialSuccess> parse_partial_success(std::string_view protobuf);
std::optional<PartialSuccess> parse_partial_success_json(std::string_view json);

// google.rpc.Status, as in HTTP error bodies and grpc-status-details-bin.
struct RpcStatus {
  int32_t code = 0;
  std::string message;
  std::optional<Duration> retry_delay;  // of a RetryInfo detail
};
std::optional<RpcStatus> parse_rpc_status(std::string_view protobuf);

// A Go duration as the collector prints it: "1m30s", "5.5s", "200ms".
std::string go_duration(Duration duration);

}  // namespace weir
