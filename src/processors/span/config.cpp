// SPDX-License-Identifier: Apache-2.0
#include "processors/span/config.h"

#include <algorithm>

namespace weir {

using config::field;

const config::Fields<SpanToAttributes>& SpanToAttributes::fields() {
  static const config::Fields<SpanToAttributes> table{
      field("rules", &SpanToAttributes::rules, "patterns whose named groups become attributes"),
      field("break_after_match", &SpanToAttributes::break_after_match, "stop after the first rule that matches"),
      field("keep_original_name", &SpanToAttributes::keep_original_name, "leave the name as it was"),
  };
  return table;
}

void SpanToAttributes::validate(const config::Value& at, const std::string& path, config::Problems& problems) const {
  for (const std::string& rule : rules) {
    std::string error;
    const auto pattern = ottl::Pattern::compile(rule, error);
    if (!pattern) problems.error(at.place, path, "\"" + rule + "\" is not a regular expression: " + error);
  }
}

const config::Fields<SpanRename>& SpanRename::fields() {
  static const config::Fields<SpanRename> table{
      field("from_attributes", &SpanRename::from_attributes, "attributes whose values make the name"),
      field("separator", &SpanRename::separator, "text between them"),
      field("to_attributes", &SpanRename::to_attributes, "attributes taken out of the name"),
  };
  return table;
}

const config::Fields<SpanStatus>& SpanStatus::fields() {
  static const config::Fields<SpanStatus> table{
      field("code", &SpanStatus::code, "Unset, Ok or Error"),
      field("description", &SpanStatus::description, "message of an error"),
  };
  return table;
}

void SpanStatus::validate(const config::Value& at, const std::string& path, config::Problems& problems) const {
  if (code != "Unset" && code != "Ok" && code != "Error") {
    problems.error(at.place, path, "unknown status code \"" + code + "\", expected one of: Unset, Ok, Error");
  } else if (!description.empty() && code != "Error") {
    problems.error(at.place, path, "only the code Error has a description");
  }
}

const config::Fields<SpanConfig>& SpanConfig::fields() {
  static const config::Fields<SpanConfig> table{
      field("name", &SpanConfig::name, "how spans are renamed"),
      field("status", &SpanConfig::status, "the status that spans get"),
      field("include", &SpanConfig::include, "the spans that are meant; not written: all"),
      field("exclude", &SpanConfig::exclude, "spans that are left alone"),
  };
  return table;
}

void SpanConfig::validate(const config::Value& at, const std::string& path, config::Problems& problems) const {
  const bool renames = !name.from_attributes.empty() || (name.to_attributes && !name.to_attributes->rules.empty());
  if (!renames && !status) {
    problems.error(at.place, path, "\"name::from_attributes\", \"name::to_attributes\" or \"status\" is missing");
  }
}

void SpanConfig::validate_in(Signal signal, const config::At& at) const {
  validate_blocks_in(signal, include, exclude, at);
}

}  // namespace weir
