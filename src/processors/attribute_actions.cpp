// SPDX-License-Identifier: Apache-2.0
#include "processors/attribute_actions.h"

#include <algorithm>
#include <bit>
#include <cctype>

#include "base/digest.h"
#include "ottl/functions.h"
#include "processors/match.h"

namespace weir {

using ottl::Entry;
using ottl::Value;

namespace {

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text;
}

constexpr std::string_view kActions[] = {"insert", "update", "upsert", "delete", "hash", "extract", "convert"};

config::Field<ActionConfig> any_value(std::string_view key, std::optional<config::Value> ActionConfig::*member,
                                      std::string_view doc) {
  return config::custom<ActionConfig>(
      key, "any",
      [member](const config::At& at, ActionConfig& out) {
        if (!at.value.is_null() && !at.value.broken) out.*member = at.value;
      },
      doc);
}

}  // namespace

const config::Fields<ActionConfig>& ActionConfig::fields() {
  using config::field;
  static const config::Fields<ActionConfig> table{
      field("key", &ActionConfig::key, "the attribute that is changed"),
      field("action", &ActionConfig::action, "insert, update, upsert, delete, hash, extract or convert"),
      any_value("value", &ActionConfig::value, "its new value"),
      any_value("default_value", &ActionConfig::default_value, "its new value where the source has none"),
      field("from_attribute", &ActionConfig::from_attribute, "the attribute that the new value comes from"),
      field("from_context", &ActionConfig::from_context, "client metadata that the new value comes from"),
      field("pattern", &ActionConfig::pattern, "extract: groups become attributes; delete, hash: keys that are meant"),
      field("converted_type", &ActionConfig::converted_type, "convert: int, double or string"),
  };
  return table;
}

namespace {

// What an action must not have, and what it needs.
std::string wrong_with(const ActionConfig& config, const std::string& action) {
  const bool writes = action == "insert" || action == "update" || action == "upsert";
  const bool picks_keys = action == "delete" || action == "hash";
  const int sources =
      (config.value ? 1 : 0) + (config.from_attribute.empty() ? 0 : 1) + (config.from_context.empty() ? 0 : 1);
  if (config.key.empty() && !(picks_keys && !config.pattern.empty())) {
    return picks_keys ? "\"key\" or \"pattern\" is missing" : "\"key\" is missing";
  }
  const std::string named = "key \"" + config.key + "\": action \"" + action + "\" ";
  if (writes && sources == 0 && !config.default_value) {
    return named + "needs \"value\", \"from_attribute\", \"from_context\" or \"default_value\"";
  }
  if (writes && sources > 1) return named + "takes one source of its value only";
  if (!writes && (sources > 0 || config.default_value)) return named + "takes no value";
  if (action != "convert" && !config.converted_type.empty()) return named + "takes no \"converted_type\"";
  if ((writes || action == "convert") && !config.pattern.empty()) return named + "takes no \"pattern\"";
  if (action == "extract" && config.pattern.empty()) return named + "needs a \"pattern\"";
  const std::string& type = config.converted_type;
  if (action == "convert" && type != "int" && type != "double" && type != "string") {
    return named + "needs \"converted_type\": one of int, double, string";
  }
  return "";
}

std::string wrong_with_pattern(const ActionConfig& config, const std::string& action) {
  std::string error;
  const auto pattern = ottl::Pattern::compile(config.pattern, error);
  if (!pattern) return "\"" + config.pattern + "\" is not a regular expression: " + error;
  if (action != "extract") return "";
  const auto& names = pattern->group_names();
  if (names.size() < 2) return "the pattern has no named group";
  const bool all_named = std::none_of(names.begin() + 1, names.end(), [](const std::string& n) { return n.empty(); });
  return all_named ? "" : "all groups of the pattern need a name: (?P<name>…)";
}

}  // namespace

void ActionConfig::validate(const config::Value& at, const std::string& path, config::Problems& problems) const {
  const std::string word = lower(action);
  if (std::find(std::begin(kActions), std::end(kActions), word) == std::end(kActions)) {
    return problems.error(at.place, path,
                          "key \"" + key + "\": unknown action \"" + action +
                              "\", expected one of: insert, update, upsert, delete, hash, extract, convert");
  }
  std::string wrong = wrong_with(*this, word);
  if (wrong.empty() && !pattern.empty()) wrong = wrong_with_pattern(*this, word);
  if (!wrong.empty()) problems.error(at.place, path, wrong);
}

AttributeActions::AttributeActions(const std::vector<ActionConfig>& actions, ottl::Unit& unit) {
  for (const ActionConfig& config : actions) {
    Action action;
    const auto found = std::find(std::begin(kActions), std::end(kActions), lower(config.action));
    action.what = static_cast<What>(found - std::begin(kActions));
    action.key = config.key;
    action.from_attribute = config.from_attribute;
    action.from_context = config.from_context;
    action.converted_type = config.converted_type;
    if (config.value) action.value = attribute_value(*config.value, unit);
    if (config.default_value) action.otherwise = attribute_value(*config.default_value, unit);
    std::string checked_before;
    if (!config.pattern.empty()) action.pattern = ottl::Pattern::compile(config.pattern, checked_before);
    actions_.push_back(std::move(action));
  }
}

struct AttributeActions::Working {
  ottl::Frame& frame;
  ottl::LevelState& level;
  ottl::MapBuilder map;
  bool changed = false;

  ottl::Arena& arena() { return *level.arena; }
  Value value_of(const Entry& entry) { return ottl::value_of(entry, arena()); }
  void write(Entry& entry, const Value& value) {
    if (same(value_of(entry), value)) return;
    entry.raw = {};
    entry.made = value;
    changed = true;
  }
  void put(std::string_view key, const Value& value) {
    if (Entry* entry = map.find(key)) return write(*entry, value);
    map.add(key, value);
    changed = true;
  }
};

void AttributeActions::apply(ottl::Frame& frame, ottl::Level which) const {
  ottl::LevelState& level = frame.level(which);
  Working working{frame, level, ottl::MapBuilder(*level.arena, level.attributes())};
  for (const Action& action : actions_) apply_one(action, working);
  if (working.changed) level.set_attributes(working.map.build());
}

void AttributeActions::apply_one(const Action& action, Working& working) const {
  switch (action.what) {
    case What::kDelete:
      return remove(action, working);
    case What::kHash:
      return hash(action, working);
    case What::kExtract:
      return extract(action, working);
    case What::kConvert:
      return convert(action, working);
    default:
      break;
  }
  const bool there = working.map.find(action.key) != nullptr;
  if (there ? action.what == What::kInsert : action.what == What::kUpdate) return;
  Value value;
  if (source(action, working, value)) working.put(action.key, value);
}

namespace {

std::string_view host_of(std::string_view peer) {
  const size_t colon = peer.rfind(':');
  std::string_view host = peer.substr(0, colon);
  if (host.starts_with("[") && host.ends_with("]")) host = host.substr(1, host.size() - 2);
  return host;
}

// "client.address", "metadata.NAME" or NAME; several values are joined. False where there is none.
bool from_client(const Context* context, std::string_view name, std::string& out) {
  if (context == nullptr || name.starts_with("auth.")) return false;
  if (name == "client.address") {
    out = host_of(context->peer);
    return true;
  }
  if (name.starts_with("metadata.")) name.remove_prefix(9);
  const std::string wanted = lower(std::string(name));
  bool found = false;
  for (const auto& [key, value] : context->metadata) {
    if (key != wanted) continue;
    if (std::exchange(found, true)) out += ";";
    out += value;
  }
  return found;
}

}  // namespace

bool AttributeActions::source(const Action& action, Working& working, Value& out) {
  if (action.value) {
    out = *action.value;
    return true;
  }
  std::string text;
  if (!action.from_context.empty() && from_client(working.frame.batch().context.get(), action.from_context, text)) {
    out = owned_string(text, working.arena());
    return true;
  }
  if (!action.from_attribute.empty()) {
    if (const Entry* entry = working.map.find(action.from_attribute)) {
      out = working.value_of(*entry);
      return true;
    }
  }
  if (action.otherwise) out = *action.otherwise;
  return action.otherwise.has_value();
}

void AttributeActions::remove(const Action& action, Working& working) {
  auto& entries = working.map.entries();
  const size_t before = entries.size();
  const auto of_key =
      std::find_if(entries.begin(), entries.end(), [&action](const Entry& entry) { return entry.key == action.key; });
  if (of_key != entries.end()) entries.erase(of_key);
  if (action.pattern) {
    std::erase_if(entries, [&action](const Entry& entry) { return action.pattern->matches(entry.key); });
  }
  working.changed = working.changed || entries.size() != before;
}

namespace {

std::string little_endian(uint64_t bits) {
  std::string bytes;
  for (int i = 0; i < 8; ++i) bytes += static_cast<char>(bits >> (8 * i));
  return bytes;
}

// SHA-256 of a plain value; "" for all others.
std::string hashed(const Value& value) {
  switch (value.type) {
    case ottl::Type::kString:
      return sha256_hex(value.text());
    case ottl::Type::kBool:
      return sha256_hex(std::string(1, value.boolean ? '\1' : '\0'));
    case ottl::Type::kInt:
      return sha256_hex(little_endian(static_cast<uint64_t>(value.integer)));
    case ottl::Type::kDouble:
      return sha256_hex(little_endian(std::bit_cast<uint64_t>(value.real)));
    default:
      return "";
  }
}

}  // namespace

void AttributeActions::hash(const Action& action, Working& working) {
  const auto change = [&working](Entry& entry) {
    working.write(entry, owned_string(hashed(working.value_of(entry)), working.arena()));
  };
  // An action without a key is one of the key "", as in the collector: with a pattern too that value is hashed twice.
  if (Entry* entry = working.map.find(action.key)) change(*entry);
  if (!action.pattern) return;
  for (Entry& entry : working.map.entries()) {
    if (action.pattern->matches(entry.key)) change(entry);
  }
}

void AttributeActions::extract(const Action& action, Working& working) {
  const Entry* entry = working.map.find(action.key);
  const Value value = entry == nullptr ? Value() : working.value_of(*entry);
  std::vector<std::pair<std::string, std::string_view>> groups;
  if (!value.is_string() || !action.pattern->groups(value.text(), groups)) return;
  for (const auto& [name, text] : groups) {
    working.put(working.arena().copy(name), owned_string(text, working.arena()));
  }
}

// What cannot be converted stays.
void AttributeActions::convert(const Action& action, Working& working) {
  Entry* entry = working.map.find(action.key);
  if (entry == nullptr) return;
  const Value value = working.value_of(*entry);
  if (action.converted_type == "string") {
    std::string text;
    append_plain_text(value, text);
    return working.write(*entry, owned_string(text, working.arena()));
  }
  const auto take = action.converted_type == "int" ? ottl::Take::kIntLike : ottl::Take::kDoubleLike;
  const Value converted = taken_as(working.frame, take, value);
  if (working.frame.failed()) {
    working.frame.take_error();
  } else if (!converted.is_nil()) {
    working.write(*entry, converted);
  }
}

}  // namespace weir
