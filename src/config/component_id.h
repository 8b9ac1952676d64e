// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace weir::config {

// "type" or "type/name", the name of a component or of a pipeline.
struct ComponentId {
  std::string type;
  std::string name;  // "" where there is none
  std::string to_string() const { return name.empty() ? type : type + "/" + name; }
  friend bool operator==(const ComponentId&, const ComponentId&) = default;
};

// By the collector's rules: type ^[a-zA-Z][0-9a-zA-Z_]{0,62}$, name up to 1024 characters without spaces, controls and
// symbols, spaces around "/" are dropped. Nothing, and the collector's text in `error`, where `text` is no id.
std::optional<ComponentId> parse_component_id(std::string_view text, std::string& error);

}  // namespace weir::config
