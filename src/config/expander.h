// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "config/value.h"

namespace weir::config {

// The doors to what a configuration may refer to. `file` fills `error` and returns nothing where the file cannot be
// read.
struct Sources {
  std::function<std::optional<std::string>(const std::string& name)> env;
  std::function<std::optional<std::string>(const std::string& path, std::string& error)> file;
};

// The environment and the files of this process. A file is read up to 16 MiB.
Sources process_sources();

// Replaces every reference in `root` by what it names, as the collector does: ${env:X}, ${env:X:-default}, ${X},
// ${file:path} and
// ${yaml:text}, nested and repeated until none is left, then $$ by $. A value that is one reference takes the YAML
// meaning of the text (a list or a map, too), inside of a longer text the text itself. Keys are left alone. An unset
// variable is empty and warned about; a reference that cannot be resolved is an error at its place and leaves a
// `broken` value.
void expand(Value& root, const Sources& sources, Problems& problems);

// The text behind "env:NAME", "env:NAME:-default", "file:path" or "yaml:text"; nothing and an error where there is
// none.
struct UriText {
  std::string scheme;
  std::optional<std::string> text;
  std::string error;
  std::string unset;  // the name of a variable that is not set
};
UriText read_uri(const std::string& uri, const Sources& sources);

// Splits "scheme:rest"; nothing where `uri` has no scheme (two characters or more).
std::optional<std::pair<std::string, std::string>> split_uri(const std::string& uri);

}  // namespace weir::config
