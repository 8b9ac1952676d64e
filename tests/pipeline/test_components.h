// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "config/service_config.h"
#include "daemon/components.h"
#include "test_exporter.h"

namespace weir::test {

// The processors and connectors of this build, a receiver `otlp` that tests feed, and the exporter `sink`.
ComponentList test_components(Received& received);

// A configuration text, checked; throws std::runtime_error with all its mistakes.
config::ServiceConfig load_test_config(const std::string& text, const ComponentList& list);

}  // namespace weir::test
