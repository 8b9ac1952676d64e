// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "weir/bytes.h"
#include "weir/ids.h"

namespace weir {

// opentelemetry.proto.trace.v1.Span.SpanKind
enum class SpanKind : uint8_t {
  kUnspecified = 0,
  kInternal = 1,
  kServer = 2,
  kClient = 3,
  kProducer = 4,
  kConsumer = 5
};
// opentelemetry.proto.trace.v1.Status.StatusCode
enum class StatusCode : uint8_t { kUnset = 0, kOk = 1, kError = 2 };

// What the walk of a request notes about one span (DESIGN law 1): facts that stages ask for, and where the rest lies.
// Ranges are offsets into the bytes of the batch part `part`. 88 bytes; lives as long as its batch, never in the trace
// table.
struct SpanRecord {
  TraceId trace_id;
  SpanId span_id;
  SpanId parent_id;
  uint64_t start_ns = 0;  // since 1970-01-01 UTC, as sent
  uint64_t end_ns = 0;
  Range body;          // the Span message's payload (without tag and length)
  Range name;          // payload of the last `name` field; length 0 where absent
  Range attributes;    // from the tag of the first attribute to the end of the last; other fields may lie between
  uint32_t part = 0;   // index into Batch::parts
  uint32_t scope = 0;  // index into Batch::scopes
  uint32_t item = 0;   // number in the request as it came, from 0; survives every rewriting
  SpanKind kind = SpanKind::kUnspecified;
  StatusCode status = StatusCode::kUnset;
  bool has_events = false;
  bool has_trace_state = false;

  // Length of the span in wall time; 0 where it ends before it starts.
  uint64_t duration_ns() const { return end_ns > start_ns ? end_ns - start_ns : 0; }
};

// What the walk notes about one metric or one log record. A metric counts its data points, a log record counts 1.
struct ItemRecord {
  Range body;  // payload of the Metric or LogRecord message
  uint32_t part = 0;
  uint32_t scope = 0;
  uint32_t item = 0;  // number in the request as it came, from 0
  uint32_t count = 1;
};

}  // namespace weir
