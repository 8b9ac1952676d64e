// SPDX-License-Identifier: Apache-2.0
#include "daemon/print.h"

#include <cstdio>

namespace weir {

namespace {

void print_all(const config::Problems& problems, bool warnings) {
  for (const config::Problem& problem : problems.all()) {
    if (problem.warning == warnings)
      std::fprintf(stderr, "%s%s\n", warnings ? "" : "Error: ", problem.to_string().c_str());
  }
}

}  // namespace

void print_problems(const config::Problems& problems) {
  print_all(problems, false);
  print_all(problems, true);
}

std::string components_text(const ComponentList& list) {
  using config::ComponentKind;
  std::string text = "buildinfo:\n  command: weir\n  description: OTLP trace collector\n  version: " WEIR_VERSION "\n";
  for (const ComponentKind kind : {ComponentKind::kReceiver, ComponentKind::kProcessor, ComponentKind::kExporter,
                                   ComponentKind::kConnector, ComponentKind::kExtension}) {
    text += std::string(config::section_of(kind)) + ":\n";
    for (const std::string& name : list.catalog.names(kind)) text += "  - name: " + name + "\n";
  }
  return text + "providers:\n  - scheme: env\n  - scheme: file\n  - scheme: yaml\n";
}

}  // namespace weir
