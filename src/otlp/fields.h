// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

// Field numbers of OTLP 1.x (opentelemetry.proto.*.v1) and of the few messages around it. One namespace per message.
namespace weir::otlp::field {

// ExportXServiceRequest, TracesData, MetricsData, LogsData
namespace request {
inline constexpr uint32_t kResources = 1;
}

// ResourceSpans, ResourceMetrics, ResourceLogs
namespace resource_group {
inline constexpr uint32_t kResource = 1, kScopes = 2, kSchemaUrl = 3;
}

// ScopeSpans, ScopeMetrics, ScopeLogs
namespace scope_group {
inline constexpr uint32_t kScope = 1, kItems = 2, kSchemaUrl = 3;
}

namespace resource {
inline constexpr uint32_t kAttributes = 1, kDroppedAttributesCount = 2, kEntityRefs = 3;
}

namespace scope {
inline constexpr uint32_t kName = 1, kVersion = 2, kAttributes = 3, kDroppedAttributesCount = 4;
}

namespace key_value {
inline constexpr uint32_t kKey = 1, kValue = 2;
}

namespace any_value {
inline constexpr uint32_t kString = 1, kBool = 2, kInt = 3, kDouble = 4, kArray = 5, kKvlist = 6, kBytes = 7,
                          kStringIndex = 8;  // of profiles only: no value elsewhere
}

// ArrayValue and KeyValueList
namespace list {
inline constexpr uint32_t kValues = 1;
}

namespace span {
inline constexpr uint32_t kTraceId = 1, kSpanId = 2, kTraceState = 3, kParentSpanId = 4, kName = 5, kKind = 6,
                          kStartTime = 7, kEndTime = 8, kAttributes = 9, kDroppedAttributesCount = 10, kEvents = 11,
                          kDroppedEventsCount = 12, kLinks = 13, kDroppedLinksCount = 14, kStatus = 15, kFlags = 16;
}

namespace event {
inline constexpr uint32_t kTime = 1, kName = 2, kAttributes = 3, kDroppedAttributesCount = 4;
}

namespace link {
inline constexpr uint32_t kTraceId = 1, kSpanId = 2, kTraceState = 3, kAttributes = 4, kDroppedAttributesCount = 5,
                          kFlags = 6;
}

namespace status {
inline constexpr uint32_t kMessage = 2, kCode = 3;
}

namespace metric {
inline constexpr uint32_t kName = 1, kDescription = 2, kUnit = 3, kGauge = 5, kSum = 7, kHistogram = 9,
                          kExponentialHistogram = 10, kSummary = 11, kMetadata = 12;
}

// Gauge, Sum, Histogram, ExponentialHistogram, Summary; AggregationTemporality: 0 unspecified, 1 delta, 2 cumulative
namespace metric_data {
inline constexpr uint32_t kDataPoints = 1, kAggregationTemporality = 2, kIsMonotonic = 3;
}

namespace number_point {
inline constexpr uint32_t kStartTime = 2, kTime = 3, kAsDouble = 4, kExemplars = 5, kAsInt = 6, kAttributes = 7,
                          kFlags = 8;
}

namespace histogram_point {
inline constexpr uint32_t kStartTime = 2, kTime = 3, kCount = 4, kSum = 5, kBucketCounts = 6, kExplicitBounds = 7,
                          kExemplars = 8, kAttributes = 9, kFlags = 10, kMin = 11, kMax = 12;
}

namespace exponential_point {
inline constexpr uint32_t kAttributes = 1, kStartTime = 2, kTime = 3, kCount = 4, kSum = 5, kScale = 6, kZeroCount = 7,
                          kPositive = 8, kNegative = 9, kFlags = 10, kExemplars = 11, kMin = 12, kMax = 13,
                          kZeroThreshold = 14;
}

namespace exponential_buckets {
inline constexpr uint32_t kOffset = 1, kBucketCounts = 2;  // sint32; packed uint64
}

namespace summary_point {
inline constexpr uint32_t kStartTime = 2, kTime = 3, kCount = 4, kSum = 5, kQuantileValues = 6, kAttributes = 7,
                          kFlags = 8;
}

namespace quantile {
inline constexpr uint32_t kQuantile = 1, kValue = 2;
}

namespace exemplar {
inline constexpr uint32_t kTime = 2, kAsDouble = 3, kSpanId = 4, kTraceId = 5, kAsInt = 6, kFilteredAttributes = 7;
}

namespace log_record {
inline constexpr uint32_t kTime = 1, kSeverityNumber = 2, kSeverityText = 3, kBody = 5, kAttributes = 6,
                          kDroppedAttributesCount = 7, kFlags = 8, kTraceId = 9, kSpanId = 10, kObservedTime = 11,
                          kEventName = 12;
}

// ExportXServiceResponse and ExportXPartialSuccess
namespace response {
inline constexpr uint32_t kPartialSuccess = 1;
}
namespace partial_success {
inline constexpr uint32_t kRejected = 1, kErrorMessage = 2;
}

// prometheus.WriteRequest (remote write v1) and what is in it
namespace write_request {
inline constexpr uint32_t kTimeseries = 1, kMetadata = 3;
}
namespace time_series {
inline constexpr uint32_t kLabels = 1, kSamples = 2, kExemplars = 3, kHistograms = 4;
}
namespace label {
inline constexpr uint32_t kName = 1, kValue = 2;
}
namespace sample {
inline constexpr uint32_t kValue = 1, kTimestamp = 2;
}
namespace prometheus_exemplar {
inline constexpr uint32_t kLabels = 1, kValue = 2, kTimestamp = 3;
}
namespace prometheus_metadata {
inline constexpr uint32_t kType = 1, kMetricFamilyName = 2, kHelp = 4, kUnit = 5;
}

// google.rpc.Status, google.rpc.RetryInfo, google.protobuf.Any, google.protobuf.Duration
namespace rpc_status {
inline constexpr uint32_t kCode = 1, kMessage = 2, kDetails = 3;
}
namespace any {
inline constexpr uint32_t kTypeUrl = 1, kValue = 2;
}
namespace retry_info {
inline constexpr uint32_t kRetryDelay = 1;
}
namespace duration {
inline constexpr uint32_t kSeconds = 1, kNanos = 2;
}

}  // namespace weir::otlp::field
