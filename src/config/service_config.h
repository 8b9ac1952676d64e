// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "config/catalog.h"
#include "config/component_id.h"
#include "config/telemetry_config.h"
#include "weir/batch.h"
#include "weir/journal.h"

namespace weir::config {

// A component as declared in its section.
struct ComponentConfig {
  ComponentId id;
  Place place;        // of its key
  Value body;         // a map or null
  bool used = false;  // named by a pipeline, or by service::extensions; set by check_graph
  std::string path(ComponentKind kind) const { return std::string(section_of(kind)) + "::" + id.to_string(); }
};

// The name of a component where a pipeline or service::extensions uses it.
struct Reference {
  ComponentId id;
  Place place;
};

struct PipelineConfig {
  ComponentId id;  // type is the signal: "traces/kept"
  Signal signal = Signal::kTraces;
  Place place;
  std::vector<Reference> receivers;  // and connectors
  std::vector<Reference> processors;
  std::vector<Reference> exporters;  // and connectors
  std::string path() const { return "service::pipelines::" + id.to_string(); }
};

// service.journal, weir's own: every receiver's requests are journaled.
struct JournalConfig {
  ComponentId storage;     // a file_storage extension
  std::optional<Ack> ack;  // unwritten: as the extension's fsync says, durable where that is unwritten too
  Place place;             // of the section
  Place storage_place;
};

// The whole configuration as the daemon builds from it.
struct ServiceConfig {
  std::vector<ComponentConfig> receivers, processors, exporters, connectors, extensions;
  std::vector<PipelineConfig> pipelines;
  std::vector<Reference> started_extensions;  // service::extensions, in order
  TelemetryConfig telemetry;

  uint32_t shards = 0;                                   // service.shards; 0 = not written
  uint64_t memory_limit = 0;                             // service.memory_limit in bytes; 0 = not written
  Duration shutdown_timeout = std::chrono::seconds(10);  // service.shutdown_timeout
  std::optional<JournalConfig> journal;                  // service.journal

  bool broken = false;    // the document could not be read: nothing is here to be checked
  Place place;            // of the document
  Place service_place;    // of the service section
  Place pipelines_place;  // of service::pipelines

  std::vector<ComponentConfig>& section(ComponentKind kind);
  const std::vector<ComponentConfig>& section(ComponentKind kind) const;
  const ComponentConfig* find(ComponentKind kind, const ComponentId& id) const;
};

// Reads the merged tree; mistakes go to `problems`, what is sound is in the result all the same.
ServiceConfig parse_service_config(const Value& root, Problems& problems);

// "512MiB", "1GB", "1073741824" or an integer: bytes. Nothing where the text is no size.
std::optional<uint64_t> parse_size(std::string_view text);
// The same of a value; 0 is refused. False, and a mistake at its place, where it is no size.
bool decode_size(const At& at, uint64_t& out);

}  // namespace weir::config
