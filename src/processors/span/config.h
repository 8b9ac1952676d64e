// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "processors/match.h"
#include "weir/span_record.h"

namespace weir {

struct SpanToAttributes {
  std::vector<std::string> rules;  // patterns with named groups
  bool break_after_match = false;
  bool keep_original_name = false;
  static const config::Fields<SpanToAttributes>& fields();
  void validate(const config::Value& at, const std::string& path, config::Problems& problems) const;
};

struct SpanRename {
  std::vector<std::string> from_attributes;
  std::string separator;
  std::optional<SpanToAttributes> to_attributes;
  static const config::Fields<SpanRename>& fields();
};

struct SpanStatus {
  std::string code;
  std::string description;
  static const config::Fields<SpanStatus>& fields();
  void validate(const config::Value& at, const std::string& path, config::Problems& problems) const;
};

// Keys of the `span` processor (collector-semantics §6.3).
struct SpanConfig {
  SpanRename name;
  std::optional<SpanStatus> status;
  std::optional<MatchConfig> include, exclude;
  static const config::Fields<SpanConfig>& fields();
  void validate(const config::Value& at, const std::string& path, config::Problems& problems) const;
  void validate_in(Signal signal, const config::At& at) const;
};

}  // namespace weir
