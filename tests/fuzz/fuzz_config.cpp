// SPDX-License-Identifier: Apache-2.0
// The whole way from a text to a checked configuration; the parts of the input behind a line "#---" are an environment
// variable and a file that references may name. It must end, quickly, without a fault.
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/endpoint.h"
#include "config/fields.h"
#include "config/load.h"

namespace weir::config {
namespace {

struct Body {
  std::string text;
  std::vector<std::string> list;
  std::map<std::string, std::string> map;
  Duration duration{0};
  uint32_t count = 0;
  double number = 0;
  static const Fields<Body>& fields() {
    static const Fields<Body> all{field("endpoint", &Body::text, ""), field("list", &Body::list, ""),
                                  field("headers", &Body::map, ""),   field("timeout", &Body::duration, ""),
                                  field("count", &Body::count, ""),   field("ratio", &Body::number, "")};
    return all;
  }
  void validate(const Value& at, const std::string& path, Problems& problems) const {
    std::string error;
    if (!parse_endpoint(text, default_host(), error)) problems.warn(at.place, path, error);
  }
};

ComponentCatalog make_catalog() {
  ComponentCatalog all;
  for (ComponentKind kind : {ComponentKind::kReceiver, ComponentKind::kProcessor, ComponentKind::kExporter,
                             ComponentKind::kConnector, ComponentKind::kExtension}) {
    all.add({kind, "a", {"b"}, {Signal::kTraces}, {{Signal::kTraces, Signal::kTraces}}, check_as<Body>(), ""});
  }
  return all;
}

std::string take_part(std::string_view& rest) {
  size_t cut = rest.find("#---\n");
  std::string part(rest.substr(0, cut));
  rest.remove_prefix(cut == std::string_view::npos ? rest.size() : cut + 5);
  return part;
}

void run(std::string_view rest) {
  static const ComponentCatalog catalog = make_catalog();
  std::string config = take_part(rest), variable = take_part(rest), file = take_part(rest);
  Sources sources;
  sources.env = [&](const std::string& name) { return name == "X" ? std::optional(variable) : std::nullopt; };
  sources.file = [&](const std::string& path, std::string&) {
    return std::optional(path == "f" ? file : path == "c" ? config : std::string());
  };
  Problems problems;
  load({"c"}, {"service.shards=2"}, sources, catalog, problems);
  render(problems);
}

}  // namespace
}  // namespace weir::config

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  weir::config::run({reinterpret_cast<const char*>(data), size});
  return 0;
}
