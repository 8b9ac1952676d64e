// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "config/expander.h"
#include "config/value.h"

namespace weir::config {

// Reads and merges the sources of a configuration and expands the references in it. `uris` are the --config arguments
// in order: a path, "file:path", "yaml:a::b::c: v", "env:NAME"; `sets` are the --set arguments ("a.b.c=v"), which win
// over all of them. Later sources win; maps merge, all else (lists, null) replaces. "::" in a top-level key goes down a
// level. With no source, or nothing in them, that is an error ("empty configuration file"). The result is a map; it is
// `broken`, and nothing more is to be said about it, where a source could not be read: what is missing because of that
// would be reported, too.
Value resolve(const std::vector<std::string>& uris, const std::vector<std::string>& sets, const Sources& sources,
              Problems& problems);

// Deep merge of `from` over `into`.
void merge(Value& into, Value&& from);

}  // namespace weir::config
