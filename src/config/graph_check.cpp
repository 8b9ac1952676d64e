// SPDX-License-Identifier: Apache-2.0
#include "config/graph_check.h"

#include <algorithm>
#include <map>
#include <set>

#include "config/advice.h"
#include "config/authenticators.h"
#include "config/graph_cycle.h"
#include "config/storage.h"

namespace weir::config {
namespace {

constexpr ComponentKind kAllKinds[] = {ComponentKind::kReceiver, ComponentKind::kProcessor, ComponentKind::kExporter,
                                       ComponentKind::kConnector, ComponentKind::kExtension};

std::string quoted(std::string_view text) { return "\"" + std::string(text) + "\""; }

std::string hint(std::string_view word, const std::vector<std::string>& candidates) {
  std::string near = nearest(word, candidates);
  return near.empty() ? "" : "; did you mean \"" + near + "\"?";
}

bool supports(const std::vector<Signal>& signals, Signal signal) {
  return std::find(signals.begin(), signals.end(), signal) != signals.end();
}

class GraphCheck {
 public:
  GraphCheck(ServiceConfig& config, const ComponentCatalog& catalog, Problems& problems)
      : config_(config), catalog_(catalog), problems_(problems) {}

  void run() {
    check_sections();
    check_ambiguous();
    drop_repeated(config_.started_extensions, ComponentKind::kExtension, "service::extensions");
    for (Reference& reference : config_.started_extensions) {
      use(ComponentKind::kExtension, reference, "service::extensions");
    }
    for (PipelineConfig& pipeline : config_.pipelines) check_pipeline(pipeline);
    for (ComponentKind kind : kAllKinds) check_types(kind);
    for (const ComponentConfig& connector : config_.connectors) check_sides(connector);
    check_cycles(config_, catalog_, problems_);
    check_storage(config_, problems_);
    check_authenticators(config_, catalog_, problems_);
    if (!problems_.any_error()) advise(config_, catalog_, problems_);
  }

 private:
  void check_sections();
  void check_ambiguous();
  void check_pipeline(PipelineConfig& pipeline);
  void drop_repeated(std::vector<Reference>& references, ComponentKind kind, const std::string& path);
  void refuse_repeated(const PipelineConfig& pipeline);
  bool use(ComponentKind kind, const Reference& reference, const std::string& path);
  void use_or_connector(ComponentKind kind, const Reference& reference, const PipelineConfig& pipeline);
  void check_signal(ComponentKind kind, const Reference& reference, const PipelineConfig& pipeline);
  void check_body_for(ComponentKind kind, const Reference& reference, Signal signal);
  void report_missing(ComponentKind kind, const Reference& reference, const std::string& path);
  void check_types(ComponentKind kind);
  void check_type(ComponentKind kind, const ComponentConfig& component, std::set<std::string>& told);
  void report_unknown_type(ComponentKind kind, const ComponentConfig& component);
  void check_sides(const ComponentConfig& connector);

  ServiceConfig& config_;
  const ComponentCatalog& catalog_;
  Problems& problems_;
  std::set<std::pair<std::string, Signal>> checked_;  // bodies by their path, for that signal
};

void GraphCheck::check_sections() {
  if (config_.receivers.empty()) problems_.error(config_.place, "", "no receiver configuration specified in config");
  if (config_.exporters.empty()) problems_.error(config_.place, "", "no exporter configuration specified in config");
}

void GraphCheck::check_ambiguous() {
  for (const ComponentConfig& connector : config_.connectors) {
    for (ComponentKind kind : {ComponentKind::kExporter, ComponentKind::kReceiver}) {
      if (config_.find(kind, connector.id) == nullptr) continue;
      std::string id = quoted(connector.id.to_string());
      problems_.error(connector.place, connector.path(ComponentKind::kConnector),
                      "ambiguous ID: Found both " + id + " " + std::string(name_of(kind)) + " and " + id +
                          " connector. Change one of the components' IDs to eliminate ambiguity (e.g. rename " + id +
                          " connector to " + quoted(connector.id.to_string() + "/connector") + ")");
    }
  }
}

void GraphCheck::check_pipeline(PipelineConfig& pipeline) {
  if (pipeline.receivers.empty()) problems_.error(pipeline.place, pipeline.path(), "must have at least one receiver");
  if (pipeline.exporters.empty()) problems_.error(pipeline.place, pipeline.path(), "must have at least one exporter");
  drop_repeated(pipeline.receivers, ComponentKind::kReceiver, pipeline.path());
  drop_repeated(pipeline.exporters, ComponentKind::kExporter, pipeline.path());
  refuse_repeated(pipeline);
  for (const Reference& reference : pipeline.receivers) use_or_connector(ComponentKind::kReceiver, reference, pipeline);
  for (const Reference& reference : pipeline.exporters) use_or_connector(ComponentKind::kExporter, reference, pipeline);
  for (const Reference& reference : pipeline.processors) {
    if (!use(ComponentKind::kProcessor, reference, pipeline.path())) continue;
    check_signal(ComponentKind::kProcessor, reference, pipeline);
    check_body_for(ComponentKind::kProcessor, reference, pipeline.signal);
  }
}

void GraphCheck::drop_repeated(std::vector<Reference>& references, ComponentKind kind, const std::string& path) {
  std::set<std::string> seen;
  std::erase_if(references, [&](const Reference& reference) {
    std::string id = reference.id.to_string();
    if (seen.insert(id).second) return false;
    problems_.warn(reference.place, path,
                   "references " + std::string(name_of(kind)) + " " + quoted(id) + " multiple times");
    return true;
  });
}

void GraphCheck::refuse_repeated(const PipelineConfig& pipeline) {
  std::set<std::string> seen;
  for (const Reference& reference : pipeline.processors) {
    std::string id = reference.id.to_string();
    if (seen.insert(id).second) continue;
    problems_.error(reference.place, pipeline.path(), "references processor " + quoted(id) + " multiple times");
  }
}

// Marks what is named there as used; false, and a mistake, where it is not configured.
bool GraphCheck::use(ComponentKind kind, const Reference& reference, const std::string& path) {
  for (ComponentConfig& component : config_.section(kind)) {
    if (!(component.id == reference.id)) continue;
    component.used = true;
    return true;
  }
  report_missing(kind, reference, path);
  return false;
}

void GraphCheck::use_or_connector(ComponentKind kind, const Reference& reference, const PipelineConfig& pipeline) {
  bool connector =
      config_.find(kind, reference.id) == nullptr && config_.find(ComponentKind::kConnector, reference.id) != nullptr;
  if (connector) {
    use(ComponentKind::kConnector, reference, pipeline.path());
  } else if (use(kind, reference, pipeline.path())) {
    check_signal(kind, reference, pipeline);
    check_body_for(kind, reference, pipeline.signal);
  }
}

void GraphCheck::check_signal(ComponentKind kind, const Reference& reference, const PipelineConfig& pipeline) {
  const ComponentType* type = catalog_.find(kind, reference.id.type);
  if (type == nullptr || supports(type->signals, pipeline.signal)) return;
  std::string carried;
  for (Signal signal : type->signals) carried += (carried.empty() ? "" : ", ") + std::string(name_of(signal));
  problems_.error(reference.place, pipeline.path(),
                  "failed to create " + quoted(reference.id.to_string()) + " " + std::string(name_of(kind)) +
                      " for data type " + quoted(name_of(pipeline.signal)) +
                      ": telemetry type is not supported, expected one of: " + carried);
}

void GraphCheck::check_body_for(ComponentKind kind, const Reference& reference, Signal signal) {
  const ComponentType* type = catalog_.find(kind, reference.id.type);
  if (type == nullptr || !type->check_in || !supports(type->signals, signal)) return;
  const ComponentConfig& component = *config_.find(kind, reference.id);
  const std::string path = component.path(kind);
  if (component.body.broken || !checked_.emplace(path, signal).second) return;
  type->check_in(At{component.body, path, problems_}, signal);
}

void GraphCheck::report_missing(ComponentKind kind, const Reference& reference, const std::string& path) {
  std::vector<std::string> declared;
  for (const ComponentConfig& component : config_.section(kind)) declared.push_back(component.id.to_string());
  bool connector_too = kind == ComponentKind::kReceiver || kind == ComponentKind::kExporter;
  for (const ComponentConfig& component : config_.connectors) {
    if (connector_too) declared.push_back(component.id.to_string());
  }
  std::string id = reference.id.to_string();
  problems_.error(
      reference.place, path,
      "references " + std::string(name_of(kind)) + " " + quoted(id) + " which is not configured" + hint(id, declared));
}

void GraphCheck::check_types(ComponentKind kind) {
  std::set<std::string> told;
  for (const ComponentConfig& component : config_.section(kind)) check_type(kind, component, told);
}

void GraphCheck::check_type(ComponentKind kind, const ComponentConfig& component, std::set<std::string>& told) {
  const ComponentType* type = catalog_.find(kind, component.id.type);
  if (type == nullptr) return report_unknown_type(kind, component);
  bool alias = component.id.type != type->type;
  if (component.used && alias && told.insert(component.id.type).second) {
    problems_.warn(component.place, component.path(kind),
                   quoted(component.id.type) + " alias is deprecated; use " + quoted(type->type) + " instead");
  }
  if (component.used && !type->notice.empty()) problems_.warn(component.place, component.path(kind), type->notice);
  if (type->check && !component.body.broken) type->check(At{component.body, component.path(kind), problems_});
}

void GraphCheck::report_unknown_type(ComponentKind kind, const ComponentConfig& component) {
  std::string what = "unknown type: " + quoted(component.id.type) + " for id: " + quoted(component.id.to_string());
  std::string section(section_of(kind));
  if (!component.used) return problems_.warn(component.place, section, what + "; nothing uses it, so it is left out");
  std::vector<std::string> names = catalog_.names(kind);
  std::string valid;
  for (const std::string& name : names) valid += (valid.empty() ? "" : " ") + name;
  problems_.error(component.place, section, what + " (valid values: [" + valid + "])" + hint(component.id.type, names));
}

// A connector must be fed by pipelines and feed pipelines, of signals that it can turn into each other.
void GraphCheck::check_sides(const ComponentConfig& connector) {
  const ComponentType* type = catalog_.find(ComponentKind::kConnector, connector.id.type);
  if (type == nullptr) return;
  auto names = [&](const std::vector<Reference>& references) {
    return std::any_of(references.begin(), references.end(), [&](const Reference& r) { return r.id == connector.id; });
  };
  std::map<Signal, std::string> in, out;  // pipelines that feed it, and that it feeds, by signal
  for (const PipelineConfig& pipeline : config_.pipelines) {
    auto add = [&](std::string& list) { list += (list.empty() ? "" : " ") + pipeline.id.to_string(); };
    if (names(pipeline.exporters)) add(in[pipeline.signal]);
    if (names(pipeline.receivers)) add(out[pipeline.signal]);
  }
  auto pair = [&](Signal from, Signal to) {
    return std::find(type->pairs.begin(), type->pairs.end(), std::pair{from, to}) != type->pairs.end();
  };
  auto report = [&](const std::string& pipelines, const char* use, const char* missing) {
    problems_.error(connector.place, connector.path(ComponentKind::kConnector),
                    "connector " + quoted(connector.id.to_string()) + " used as " + use + " in [" + pipelines +
                        "] pipeline but not used in any supported " + missing + " pipeline");
  };
  for (const auto& [from, pipelines] : in) {
    bool met = std::any_of(out.begin(), out.end(), [&, f = from](const auto& o) { return pair(f, o.first); });
    if (!met) report(pipelines, "exporter", "receiver");
  }
  for (const auto& [to, pipelines] : out) {
    bool met = std::any_of(in.begin(), in.end(), [&, t = to](const auto& i) { return pair(i.first, t); });
    if (!met) report(pipelines, "receiver", "exporter");
  }
}

}  // namespace

void check_graph(ServiceConfig& config, const ComponentCatalog& catalog, Problems& problems) {
  if (!config.broken) GraphCheck(config, catalog, problems).run();
}

}  // namespace weir::config
