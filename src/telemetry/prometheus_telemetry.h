// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "telemetry/own_metrics.h"
#include "weir/telemetry.h"

namespace weir {

// The process's own metrics in a registry. All calls are thread-safe. Names and label names come from our code: a name
// that is used with two types, or is no metric name, is a broken invariant and ends the process with a message.
class PrometheusTelemetry final : public Telemetry {
 public:
  // As the collector's page says it; `escaping` tells a Prometheus 3 what the names show anyway.
  static constexpr std::string_view kContentType = "text/plain; version=0.0.4; charset=utf-8";

  PrometheusTelemetry();
  ~PrometheusTelemetry() override;

  Counter& counter(const std::string& name, const std::string& help, const Labels& labels) override;
  Gauge& gauge(const std::string& name, const std::string& help, const Labels& labels) override;
  Histogram& histogram(const std::string& name, const std::string& help, const Labels& labels,
                       const std::vector<double>& bounds) override;

  // The page in Prometheus text format 0.0.4, families in order of name; `extra` are families read for this page.
  std::string render(const PageNames& names = {}, const std::vector<OwnFamily>& extra = {}) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace weir
