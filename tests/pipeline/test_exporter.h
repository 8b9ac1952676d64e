// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "config/fields.h"
#include "weir/component.h"

namespace weir::test {

// What the sinks of a run got, as lines of text: spans, and the last point of each series.
struct Received {
  std::map<std::string, std::vector<std::string>> spans;             // by exporter id
  std::map<std::string, std::map<std::string, std::string>> series;  // by exporter id, then series
};

struct SinkConfig {
  Duration delay{0};  // how long an export takes
  static const config::Fields<SinkConfig>& fields();
};

// The exporter type `sink`: notes what it gets, settles it as exported after `delay`.
std::unique_ptr<Exporter> make_sink(const SinkConfig& config, const ComponentEnv& env, Received& received);

}  // namespace weir::test
