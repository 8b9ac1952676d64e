// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "otlp/walker.h"
#include "otlp_collector_logs.pb.h"
#include "otlp_collector_metrics.pb.h"
#include "otlp_collector_trace.pb.h"
#include "weir/batch.h"

// Requests for tests, by the generated classes.
namespace weir::test {

namespace pb = opentelemetry::proto;
using TracesRequest = pb::collector::trace::v1::ExportTraceServiceRequest;
using MetricsRequest = pb::collector::metrics::v1::ExportMetricsServiceRequest;
using LogsRequest = pb::collector::logs::v1::ExportLogsServiceRequest;

// What walk() makes of the bytes; the batch is empty where it refuses them.
struct Walked {
  otlp::WalkResult result;
  Batch batch;
};
Walked walk_bytes(Signal signal, std::string_view bytes);
// The same for bytes that must be accepted.
Batch batch_of(Signal signal, std::string_view bytes);
inline Batch batch_of(const TracesRequest& request) { return batch_of(Signal::kTraces, request.SerializeAsString()); }
inline Batch batch_of(const MetricsRequest& request) { return batch_of(Signal::kMetrics, request.SerializeAsString()); }
inline Batch batch_of(const LogsRequest& request) { return batch_of(Signal::kLogs, request.SerializeAsString()); }

// An id made of one repeated byte.
inline std::string trace_id(char byte) { return std::string(16, byte); }
inline std::string span_id(char byte) { return std::string(8, byte); }

// A resource with a service.name and one scope.
pb::trace::v1::ScopeSpans& add_service(TracesRequest& request, const std::string& name);
pb::trace::v1::Span& add_span(pb::trace::v1::ScopeSpans& scope, char trace, char span, const std::string& name);
void set_string(pb::common::v1::KeyValue& attribute, const std::string& key, const std::string& value);
void set_int(pb::common::v1::KeyValue& attribute, const std::string& key, int64_t value);

// A random message of any generated class: every field may be set, empty or repeated; ids have right lengths, strings
// are ASCII, nesting ends somewhere.
class RandomMessage {
 public:
  explicit RandomMessage(uint64_t seed) : random_(seed) {}
  void fill(google::protobuf::Message& message, int depth = 0);
  uint64_t below(uint64_t limit) { return std::uniform_int_distribution<uint64_t>(0, limit - 1)(random_); }
  bool chance(int percent) { return below(100) < static_cast<uint64_t>(percent); }
  std::string text(size_t max);

 private:
  std::mt19937_64 random_;
};

// The same message in a wilder form on the wire: fields of every message in any order (repeated ones keep theirs),
// singular messages split in pieces, singular scalars sent twice (the last counts), unknown fields between, packed
// numbers apart.
std::string scramble(const google::protobuf::Message& message, RandomMessage& random);

// A recorded request of a real sender (tests/data/captures): its message, decompressed and unframed.
struct Capture {
  std::string name;
  Signal signal = Signal::kTraces;
  bool json = false;
  std::string bytes;
  uint64_t items = 0;  // spans, different metric names, or log records, as the recorder counted them
};
std::vector<Capture> otlp_captures();

}  // namespace weir::test
