// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "weir/telemetry.h"

namespace weir {

// A family of the own metrics page whose numbers are read when the page is made (ledger, process), not kept in the
// registry.
struct OwnFamily {
  std::string name;
  std::string help;
  bool counter = false;  // else a gauge
  std::vector<std::pair<Labels, double>> samples;
};

// How names look on the page. The collector leaves both out unless a reader asks for them (`without_type_suffix:
// false`, `without_units: false`).
struct PageNames {
  bool type_suffix = false;  // `_total` behind every counter
  bool unit_suffix = false;  // `_seconds`, `_bytes`, … where the metric has a unit and does not name it
};

}  // namespace weir
