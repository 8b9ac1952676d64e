// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "config/service_config.h"
#include "extensions/zpages/zpages.h"
#include "telemetry/ledger_metrics.h"

namespace weir {

// What the zpages say of this service: its configuration and the books of one moment.
ServiceView service_view(const config::ServiceConfig& config, const LedgerSnapshot& books);

}  // namespace weir
