// SPDX-License-Identifier: Apache-2.0
#include "config/storage.h"

#include <algorithm>

namespace weir::config {
namespace {

constexpr std::string_view kType = "file_storage";

std::string not_configured(const ServiceConfig& config, const std::string& id) {
  std::vector<std::string> declared;
  for (const ComponentConfig& extension : config.extensions) declared.push_back(extension.id.to_string());
  const std::string near = nearest(id, declared);
  return "references extension \"" + id + "\" which is not configured" +
         (near.empty() ? "; add `extensions: {" + id + ": {directory: …}}`" : "; did you mean \"" + near + "\"?");
}

void check_reference(const ServiceConfig& config, const Reference& storage, const std::string& path,
                     Problems& problems) {
  const std::string id = storage.id.to_string();
  const auto is_it = [&](const Reference& started) { return started.id == storage.id; };
  if (config.find(ComponentKind::kExtension, storage.id) == nullptr) {
    problems.error(storage.place, path, not_configured(config, id));
  } else if (storage.id.type != kType) {
    problems.error(storage.place, path,
                   "requested extension is not a storage extension: \"" + id + "\", expected one of type file_storage");
  } else if (std::none_of(config.started_extensions.begin(), config.started_extensions.end(), is_it)) {
    problems.error(storage.place, path,
                   "no storage client extension found: \"" + id + "\" is not started; add it to service::extensions");
  }
}

}  // namespace

std::optional<Reference> queue_storage(const ComponentConfig& exporter) {
  const Value* queue = exporter.body.find("sending_queue");
  const Value* storage = queue == nullptr ? nullptr : queue->find("storage");
  if (storage == nullptr || storage->kind != Value::Kind::kString || storage->text.empty()) return std::nullopt;
  const Value* enabled = queue->find("enabled");
  if (enabled != nullptr && enabled->kind == Value::Kind::kBool && !enabled->boolean) return std::nullopt;
  std::string error;
  const std::optional<ComponentId> id = parse_component_id(storage->text, error);
  return id ? std::optional(Reference{*id, storage->place}) : std::nullopt;
}

void check_storage(const ServiceConfig& config, Problems& problems) {
  if (config.journal)
    check_reference(config, {config.journal->storage, config.journal->storage_place}, "service::journal::storage",
                    problems);
  for (const ComponentConfig& exporter : config.exporters) {
    const std::optional<Reference> storage = queue_storage(exporter);
    if (!exporter.used || !storage) continue;
    check_reference(config, *storage, exporter.path(ComponentKind::kExporter) + "::sending_queue::storage", problems);
  }
}

}  // namespace weir::config
