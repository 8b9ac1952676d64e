// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "exporters/metric_naming.h"
#include "exporters/prometheus_remote_write/config.h"
#include "exporters/prometheus_remote_write/series_memory.h"
#include "otlp/metrics_reader.h"
#include "otlp/writer.h"
#include "weir/batch.h"
#include "weir/clock.h"
#include "weir/log.h"

namespace weir {

// A TimeSeries of one sample (or a MetricMetadata), as a ready field of a WriteRequest.
struct WritePiece {
  static constexpr uint32_t kNoPoint = UINT32_MAX;  // target_info, metadata
  std::string bytes;
  uint32_t point = kNoPoint;  // number of the data point in its batch
};

// A batch as what is to be sent. Rounds go one after another; within a round no series is there twice, so its pieces
// may go in any order and in parallel, and a request that is sent twice is harmless (one sample of a series each).
struct Translation {
  std::vector<std::vector<WritePiece>> rounds;
  uint64_t bytes = 0;
  uint64_t series = 0;
  uint64_t samples = 0;
  uint64_t histograms = 0;
  uint32_t points = 0;   // in the batch
  uint32_t dropped = 0;  // points that have no form in remote write: delta, no name, late, broken
  uint32_t delta = 0;    // of these
};

// OTLP metrics to remote write 1.0 (collector-semantics §8.1, §8.3; seed-systems §12). Touched by one shard only.
//
// A new series that only grows, and whose count began after this exporter did, first gets a sample of value 0: rate()
// and increase() then see its first increment. Points get the time they say, or now where they say none; strictly
// increasing per series, never far in the future (one such sample would make a receiver refuse the present).
class Translator {
 public:
  // `outlives_process`: counters go on over a restart (a journal), so none that is older than this is new.
  Translator(const RemoteWriteConfig& config, std::string id, ByteBudget& budget, Log& log, Time now,
             bool outlives_process = false);
  Translation translate(const Batch& batch, Time now);

 private:
  struct Sample {
    int64_t ms = 0;
    double value = 0;
    std::string histogram;  // a Histogram message instead of the value
    std::string exemplars;  // ready fields of TimeSeries
    uint32_t point = WritePiece::kNoPoint;
  };
  struct Series {
    std::string labels;  // ready fields of TimeSeries
    std::vector<Sample> samples;
  };
  struct Source {  // of the points being translated
    otlp::MetricView metric;
    std::string name;
    ResourceLabels resource;
    LabelPairs scope;
    int64_t latest_ms = 0;  // of the resource's points
  };
  struct Extra {  // a label of one series of a point
    std::string_view name = {};
    std::string value = {};
  };

  void add_metric(Source& source);
  static bool is_wanted(const otlp::MetricView& metric);
  void warn_of_delta(const otlp::MetricView& metric);
  bool add_point(const Source& source);
  bool build_labels(const Source& source, const LabelPairs& attributes, LabelRule rule);
  void set_scope_labels(const Source& source);
  void set_label(std::string_view name, std::string_view value);
  void add_numbers(const Source& source);
  void add_histogram(const Source& source);
  void add_summary(const Source& source);
  bool add_native(const Source& source);
  void add_value(const Source& source, std::string_view suffix, Extra extra, double value, bool only_grows,
                 std::string exemplars = {});
  void add_sample(const std::string& labels, Sample sample, bool only_grows);
  void add_zero(Series& series, const Sample& first);
  std::string encode_labels(const std::string& name, const Extra& extra);
  std::string encode_exemplars(double above, double up_to);
  void add_target_info(const Source& source);
  void add_metadata(const Source& source);
  void build_rounds(Translation& out);
  WritePiece piece_of(const Series& series, Sample& sample);
  int64_t time_of_point() const;

  const RemoteWriteConfig& config_;
  const std::string id_;
  const NameStrategy strategy_;
  Log& log_;
  SeriesMemory memory_;
  const int64_t began_ms_;  // a counter that is older was there before
  LabelPairs external_labels_;

  // While a batch is translated.
  int64_t now_ms_ = 0;
  Translation result_;
  absl::flat_hash_map<std::string, size_t> index_;  // labels -> series_
  std::vector<Series> series_;
  std::map<std::string, std::string> metadata_;  // name -> message
  LabelPairs labels_;                            // of the point, without __name__
  otlp::MetricPoint point_;
  otlp::MessageWriter writer_;
  int64_t point_ms_ = 0;
  bool late_ = false;
  bool warned_of_delta_ = false;
};

}  // namespace weir
