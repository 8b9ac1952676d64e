// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "config/catalog.h"
#include "weir/component.h"

namespace weir {

// The components that a configuration may name: what the configuration checker must know of them, and how they are made
// from a body that it found sound. Tests make lists of their own.
class ComponentList {
 public:
  template <class T>
  using Maker = std::function<std::unique_ptr<T>(const config::Value& body, const ComponentEnv& env)>;
  using Signals = std::vector<Signal>;
  using Names = std::vector<std::string>;

  template <config::HasFields C>
  void processor(std::string type, Signals signals, std::unique_ptr<Processor> (*make)(const C&, const ComponentEnv&)) {
    processors[type] = maker<Processor, C>(make);
    catalog.add({config::ComponentKind::kProcessor,
                 type,
                 {},
                 std::move(signals),
                 {},
                 config::check_as<C>(),
                 "",
                 config::check_in_as<C>()});
  }
  template <config::HasFields C>
  void exporter(std::string type, Names aliases, Signals signals,
                std::unique_ptr<Exporter> (*make)(const C&, const ComponentEnv&)) {
    exporters[type] = maker<Exporter, C>(make);
    catalog.add({config::ComponentKind::kExporter,
                 type,
                 std::move(aliases),
                 std::move(signals),
                 {},
                 config::check_as<C>(),
                 "",
                 config::check_in_as<C>()});
  }
  // A connector that derives metrics from traces.
  template <config::HasFields C>
  void connector(std::string type, Names aliases,
                 std::unique_ptr<MetricsConnector> (*make)(const C&, const ComponentEnv&)) {
    connectors[type] = maker<MetricsConnector, C>(make);
    catalog.add({config::ComponentKind::kConnector,
                 type,
                 std::move(aliases),
                 {},
                 {{Signal::kTraces, Signal::kMetrics}},
                 config::check_as<C>(),
                 ""});
  }
  // What the daemon itself makes: receivers, extensions, forward.
  void known(config::ComponentType type) { catalog.add(std::move(type)); }

  config::ComponentCatalog catalog;
  std::map<std::string, Maker<Processor>> processors;  // by canonical type
  std::map<std::string, Maker<Exporter>> exporters;
  std::map<std::string, Maker<MetricsConnector>> connectors;

 private:
  template <class T, class C>
  static Maker<T> maker(std::unique_ptr<T> (*make)(const C&, const ComponentEnv&)) {
    return [make](const config::Value& body, const ComponentEnv& env) { return make(decode_body<C>(body), env); };
  }

 public:
  // The body is known to be sound: what decoding says was said when the configuration was checked.
  template <config::HasFields C>
  static C decode_body(const config::Value& body) {
    C config;
    config::Problems said_before;
    config::decode(config::At{body, "", said_before}, config);
    return config;
  }
};

// All that this build of weir has.
ComponentList standard_components();

}  // namespace weir
