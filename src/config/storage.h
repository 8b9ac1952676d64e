// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "config/service_config.h"

namespace weir::config {

// `sending_queue.storage` of an exporter whose queue is on; nothing where it is not written, or is no id.
std::optional<Reference> queue_storage(const ComponentConfig& exporter);

// What service.journal and the used exporters' queues name as storage must be a file_storage extension that
// service::extensions starts. Checked after ComponentConfig::used was set.
void check_storage(const ServiceConfig& config, Problems& problems);

}  // namespace weir::config
