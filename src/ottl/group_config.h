// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "config/fields.h"
#include "ottl/program.h"

namespace weir::ottl {

// The words of `error_mode`.
const std::vector<std::pair<std::string, ErrorMode>>& error_modes();

// One entry of `trace_statements`, `trace_conditions` and the like.
struct GroupConfig {
  std::optional<Context> context;  // inferred where it is not written
  std::optional<ErrorMode> error_mode;
  std::vector<std::string> conditions;
  std::vector<std::string> statements;

  GroupText text(ErrorMode mode) const { return {context, error_mode.value_or(mode), conditions, statements}; }
};

// A list of texts, which is one group without a context, or of groups. `statements`: groups have statements and
// conditions, not conditions alone. Everything is compiled once, so that a mistake has its place.
void decode_groups(const config::At& at, Signal signal, bool statements, std::vector<GroupConfig>& out);
// A list of conditions of one context.
void decode_conditions(const config::At& at, Context context, std::vector<std::string>& out);

// `statement "…", column 5: expected …` at the place of `value`.
void report(const config::At& at, const config::Value& value, const std::string& path, const std::string& text,
            const Mistake& mistake);

}  // namespace weir::ottl
