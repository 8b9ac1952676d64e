// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "exporters/metric_naming.h"
#include "exporters/prometheus/config.h"
#include "otlp/metrics_reader.h"
#include "weir/batch.h"
#include "weir/budget.h"
#include "weir/clock.h"
#include "weir/log.h"

namespace weir {

enum class FamilyType : uint8_t { kCounter, kGauge, kHistogram, kSummary };

struct PageExemplar {
  LabelPairs labels;  // trace_id, span_id, filtered attributes
  double value = 0;
  uint64_t time_ns = 0;
};

// The last point of a series. Sums of delta points are cumulative here.
struct PageSeries {
  LabelPairs labels;  // in order of the names
  uint64_t time_ns = 0;
  Duration updated{0};  // mono
  double value = 0;     // counter, gauge
  uint64_t count = 0;   // histogram, summary
  double sum = 0;
  std::vector<double> bounds;
  std::vector<uint64_t> bucket_counts;  // not cumulated; as many as bounds, or one more
  std::vector<std::pair<double, double>> quantiles;
  std::vector<PageExemplar> exemplars;
  Reservation paid;
};

struct PageFamily {
  FamilyType type = FamilyType::kGauge;
  std::string help;
  std::map<std::string, PageSeries> series;  // by their labels as one text
};

// What the page shows: the last point of each series, for metric_expiration. Touched by one shard only. Every series
// pays for itself out of the byte budget; where that is short, new series are refused.
class PageStore {
 public:
  // All outlive the store.
  PageStore(const PrometheusConfig& config, std::string id, ByteBudget& budget, Log& log);

  // Returns how many points could not be shown: colliding labels, a second type for one name, no room.
  uint64_t add(const Batch& batch, Time now);
  void expire(Time now);

  const std::map<std::string, PageFamily>& families() const { return families_; }

 private:
  struct Source {  // of the points being added
    otlp::MetricView metric;
    ResourceLabels resource;
    LabelPairs scope;
    Time now;
  };
  uint64_t add_metric(const Source& source);
  bool add_point(const Source& source, PageFamily& family);
  bool labels_of_point(const Source& source, LabelPairs& out) const;
  bool write_series(const Source& source, PageFamily& family, LabelPairs labels);
  PageFamily* family_of(const Source& source);
  void add_target(const ResourceLabels& resource, Time now);
  std::string label(std::string_view key) const;
  bool refuse(const Source& source, std::string_view why) const;

  const PrometheusConfig& config_;
  const std::string id_;
  const NameStrategy strategy_;
  ByteBudget& budget_;
  Log& log_;
  std::map<std::string, PageFamily> families_;
  otlp::MetricPoint point_;  // scratch
};

}  // namespace weir
