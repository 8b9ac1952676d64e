// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/fields.h"
#include "ottl/expr.h"
#include "ottl/pattern.h"
#include "weir/batch.h"

namespace weir {

enum class MatchType : uint8_t { kUnset, kStrict, kRegexp };
// For `match_type`.
const std::vector<std::pair<std::string, MatchType>>& match_types();

// `{key, value}` of a match block; without a value the key must be there.
struct MatchAttribute {
  std::string key;
  std::optional<config::Value> value;
  static const config::Fields<MatchAttribute>& fields();
  void validate(const config::Value& at, const std::string& path, config::Problems& problems) const;
};

struct MatchLibrary {
  std::string name;
  std::optional<std::string> version;
  static const config::Fields<MatchLibrary>& fields();
};

// The options of the collector's own cache of matches: there is none here.
struct MatchCache {
  bool enabled = false;
  int64_t max_entries = 0;
  static const config::Fields<MatchCache>& fields();
};

struct MatchSeverity {
  std::string min;
  bool match_undefined = false;
  static const config::Fields<MatchSeverity>& fields();
  void validate(const config::Value& at, const std::string& path, config::Problems& problems) const;
};

// The `include` and `exclude` blocks of attributes, span and filter (collector-semantics §6.3): all that is written
// must hold.
struct MatchConfig {
  MatchType type = MatchType::kUnset;
  MatchCache cache;
  std::vector<std::string> services, span_names, span_kinds, log_bodies, log_severity_texts, metric_names;
  std::optional<MatchSeverity> log_severity_number;
  std::vector<MatchAttribute> attributes, resources;
  std::vector<MatchLibrary> libraries;

  static const config::Fields<MatchConfig>& fields();
  void validate(const config::Value& at, const std::string& path, config::Problems& problems) const;
  // What of it cannot hold for records of a signal.
  void validate_in(Signal signal, const config::At& at) const;
  bool empty() const;
};
// The same for the blocks `include` and `exclude` of `at`.
void validate_blocks_in(Signal signal, const std::optional<MatchConfig>& include,
                        const std::optional<MatchConfig>& exclude, const config::At& at);

// A value of the configuration as an attribute's. Texts live as long as `unit`.
ottl::Value attribute_value(const config::Value& value, ottl::Unit& unit);
// The number of a severity name ("WARN3") or number; nothing for others.
std::optional<int64_t> severity_number(std::string_view name);

// A set of texts, exact or patterns.
class TextSet {
 public:
  TextSet() = default;
  TextSet(std::vector<std::string> texts, MatchType type);
  bool empty() const { return texts_.empty() && patterns_.empty(); }
  bool matches(std::string_view text) const;

 private:
  std::vector<std::string> texts_;
  std::vector<std::shared_ptr<const ottl::Pattern>> patterns_;
};

// A compiled match block for the records of a signal.
class Match {
 public:
  Match(const MatchConfig& config, ottl::Unit& unit, Signal signal);
  // Whether the record that the frame stands on matches. A span's, metric's or log record's own attributes.
  bool matches(ottl::Frame& frame) const;

 private:
  struct Attribute {
    uint32_t slot = 0;
    std::optional<ottl::Value> value;
    TextSet pattern;
  };
  std::vector<Attribute> compiled(const std::vector<MatchAttribute>& from, MatchType type, ottl::Unit& unit,
                                  ottl::Level level) const;
  static bool all_match(const std::vector<Attribute>& attributes, ottl::Frame& frame, ottl::Level level);
  bool libraries_match(ottl::Frame& frame) const;
  bool log_matches(ottl::Frame& frame) const;
  bool span_matches(ottl::Frame& frame) const;

  Signal signal_;
  TextSet services_, span_names_, span_kinds_, log_bodies_, severity_texts_, metric_names_;
  uint32_t service_slot_ = 0;
  std::optional<int64_t> least_severity_;
  bool match_undefined_ = false;
  std::vector<Attribute> attributes_, resources_;
  std::vector<std::pair<TextSet, std::optional<TextSet>>> libraries_;
};

// An include and an exclude block; a record is meant where it is included and not excluded.
class Selection {
 public:
  Selection(const std::optional<MatchConfig>& include, const std::optional<MatchConfig>& exclude, ottl::Unit& unit,
            Signal signal);
  bool selects(ottl::Frame& frame) const {
    return (!include_ || include_->matches(frame)) && (!exclude_ || !exclude_->matches(frame));
  }

 private:
  std::optional<Match> include_, exclude_;
};

}  // namespace weir
