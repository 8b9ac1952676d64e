// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/fields.h"
#include "weir/batch.h"

namespace weir::config {

enum class ComponentKind { kReceiver, kProcessor, kExporter, kConnector, kExtension };
std::string_view name_of(ComponentKind kind);     // "receiver"
std::string_view section_of(ComponentKind kind);  // "receivers"

// What the configuration must know about a type of component. The daemon fills the table: this folder knows no
// component.
struct ComponentType {
  ComponentKind kind = ComponentKind::kReceiver;
  std::string type;                              // canonical: "otlp_grpc"
  std::vector<std::string> aliases;              // deprecated names: "otlp"
  std::vector<Signal> signals;                   // receivers, processors and exporters: what they carry
  std::vector<std::pair<Signal, Signal>> pairs;  // connectors: from what to what
  // Decodes and validates a body (a map or null) and throws the result away: also for what no pipeline uses. Empty =
  // nothing to check.
  std::function<void(const At&)> check;
  std::string notice;  // warned about where such a component is used: a type that the collector has removed
  // What a sound body must meet in a pipeline of that signal which uses it. Empty = nothing more.
  std::function<void(const At&, Signal)> check_in = {};
};

// A check that decodes a T.
template <HasFields T>
std::function<void(const At&)> check_as() {
  return [](const At& at) {
    T config;
    decode(at, config);
  };
}

// Of a T that asks for more in pipelines of some signals: it has validate_in().
template <HasFields T>
std::function<void(const At&, Signal)> check_in_as() {
  if constexpr (requires(const T& config, const At& at, Signal signal) { config.validate_in(signal, at); }) {
    return [](const At& at, Signal signal) {
      T config;
      Problems said_before;  // by check_as
      decode(At{at.value, at.path, said_before}, config);
      if (!said_before.any_error()) config.validate_in(signal, at);
    };
  } else {
    return {};
  }
}

class ComponentCatalog {
 public:
  void add(ComponentType type) { types_.push_back(std::move(type)); }
  // By canonical name or alias; null where there is none. Valid until the next add().
  const ComponentType* find(ComponentKind kind, std::string_view type) const;
  // Canonical names, sorted.
  std::vector<std::string> names(ComponentKind kind) const;

 private:
  std::vector<ComponentType> types_;
};

}  // namespace weir::config
