// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "exporters/file/config.h"
#include "weir/component.h"

namespace weir {

// Writes one OTLP JSON line (or a length and a protobuf message) per batch, on the exporter's home shard. Exporters
// with the same path write through one file. Opens the file when the stage is made; throws std::runtime_error with the
// reason where that fails (a start error).
std::unique_ptr<Exporter> make_file(const FileConfig& config, const ComponentEnv& env);

}  // namespace weir
