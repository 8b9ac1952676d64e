// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace weir {

using Labels = std::map<std::string, std::string>;

// Own metrics of the process (served as Prometheus text on :8888). Handles live as long as the Telemetry; adding to one
// is thread-safe and is done once per batch, never per span. Names are the collector's where one exists; `without
// _total`.
class Counter {
 public:
  virtual ~Counter() = default;
  virtual void add(double value = 1) = 0;
};
class Gauge {
 public:
  virtual ~Gauge() = default;
  virtual void set(double value) = 0;
};
class Histogram {
 public:
  virtual ~Histogram() = default;
  virtual void observe(double value) = 0;
};

class Telemetry {
 public:
  virtual ~Telemetry() = default;
  // The same (name, labels) gives the same handle.
  virtual Counter& counter(const std::string& name, const std::string& help, const Labels& labels) = 0;
  virtual Gauge& gauge(const std::string& name, const std::string& help, const Labels& labels) = 0;
  virtual Histogram& histogram(const std::string& name, const std::string& help, const Labels& labels,
                               const std::vector<double>& bounds) = 0;
};

}  // namespace weir
