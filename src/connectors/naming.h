// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace weir {

// weir's own key `naming`: whose metric names, labels and defaults a connector follows.
//   collector  the OpenTelemetry Collector's connector of that name
//   tempo      Grafana Tempo's metrics-generator, as its data source in Grafana asks for it
enum class Naming : uint8_t { kCollector, kTempo };

}  // namespace weir
