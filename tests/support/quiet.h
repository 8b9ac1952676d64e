// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "weir/log.h"
#include "weir/telemetry.h"

namespace weir::test {

// A log and metrics that nobody reads.
struct QuietLog final : Log {
  void write(LogLevel, std::string_view, std::string_view, LogFields) override {}
};

struct NoTelemetry final : Telemetry {
  struct AnyCounter final : Counter {
    void add(double) override {}
  } any_counter;
  struct AnyGauge final : Gauge {
    void set(double) override {}
  } any_gauge;
  struct AnyHistogram final : Histogram {
    void observe(double) override {}
  } any_histogram;
  Counter& counter(const std::string&, const std::string&, const Labels&) override { return any_counter; }
  Gauge& gauge(const std::string&, const std::string&, const Labels&) override { return any_gauge; }
  Histogram& histogram(const std::string&, const std::string&, const Labels&, const std::vector<double>&) override {
    return any_histogram;
  }
};

}  // namespace weir::test
