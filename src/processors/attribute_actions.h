// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config/fields.h"
#include "ottl/expr.h"
#include "ottl/pattern.h"
#include "weir/batch.h"

namespace weir {

// One entry of `actions` (attributes) or `attributes` (resource).
struct ActionConfig {
  std::string key, action, from_attribute, from_context, pattern, converted_type;
  std::optional<config::Value> value, default_value;

  static const config::Fields<ActionConfig>& fields();
  void validate(const config::Value& at, const std::string& path, config::Problems& problems) const;
};

// The actions, in order, on the attributes of one level of a record (collector-semantics §6.3).
class AttributeActions {
 public:
  AttributeActions(const std::vector<ActionConfig>& actions, ottl::Unit& unit);
  void apply(ottl::Frame& frame, ottl::Level level) const;

 private:
  enum class What : uint8_t { kInsert, kUpdate, kUpsert, kDelete, kHash, kExtract, kConvert };
  struct Action {
    What what = What::kInsert;
    std::string key, from_attribute, from_context, converted_type;
    std::optional<ottl::Value> value, otherwise;
    std::shared_ptr<const ottl::Pattern> pattern;
  };
  // The attributes of one record while actions change them.
  struct Working;
  void apply_one(const Action& action, Working& working) const;
  static bool source(const Action& action, Working& working, ottl::Value& out);
  static void remove(const Action& action, Working& working);
  static void hash(const Action& action, Working& working);
  static void extract(const Action& action, Working& working);
  static void convert(const Action& action, Working& working);

  std::vector<Action> actions_;
};

}  // namespace weir
