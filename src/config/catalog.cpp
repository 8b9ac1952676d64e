// SPDX-License-Identifier: Apache-2.0
#include "config/catalog.h"

#include <algorithm>

namespace weir::config {

std::string_view name_of(ComponentKind kind) {
  switch (kind) {
    case ComponentKind::kReceiver:
      return "receiver";
    case ComponentKind::kProcessor:
      return "processor";
    case ComponentKind::kExporter:
      return "exporter";
    case ComponentKind::kConnector:
      return "connector";
    case ComponentKind::kExtension:
      return "extension";
  }
  return "";
}

std::string_view section_of(ComponentKind kind) {
  switch (kind) {
    case ComponentKind::kReceiver:
      return "receivers";
    case ComponentKind::kProcessor:
      return "processors";
    case ComponentKind::kExporter:
      return "exporters";
    case ComponentKind::kConnector:
      return "connectors";
    case ComponentKind::kExtension:
      return "extensions";
  }
  return "";
}

const ComponentType* ComponentCatalog::find(ComponentKind kind, std::string_view type) const {
  for (const ComponentType& entry : types_) {
    if (entry.kind != kind) continue;
    bool alias = std::find(entry.aliases.begin(), entry.aliases.end(), type) != entry.aliases.end();
    if (alias || entry.type == type) return &entry;
  }
  return nullptr;
}

std::vector<std::string> ComponentCatalog::names(ComponentKind kind) const {
  std::vector<std::string> out;
  for (const ComponentType& entry : types_) {
    if (entry.kind == kind) out.push_back(entry.type);
  }
  std::sort(out.begin(), out.end());
  return out;
}

}  // namespace weir::config
