// SPDX-License-Identifier: Apache-2.0
#include "processors/tail_sampling/policies.h"

#include <string>

namespace weir {

namespace {

struct PolicyType {
  std::string_view name;
  ReadPolicy read;
  PolicyLevel deepest = PolicyLevel::kInGroup;
};

// The list of policies: a new one is its file and a line here.
constexpr PolicyType kPolicyTypes[] = {
    {"always_sample", read_always_sample},
    {"and", read_and, PolicyLevel::kInComposite},
    {"boolean_attribute", read_boolean_attribute},
    {"bytes_limiting", read_bytes_limiting},
    {"composite", read_composite, PolicyLevel::kTop},
    {"drop", read_drop, PolicyLevel::kTop},
    {"latency", read_latency},
    {"not", read_not},
    {"numeric_attribute", read_numeric_attribute},
    {"ottl_condition", read_ottl_condition},
    {"probabilistic", read_probabilistic},
    {"rate_limiting", read_rate_limiting},
    {"span_count", read_span_count},
    {"status_code", read_status_code},
    {"string_attribute", read_string_attribute},
    {"trace_flags", read_trace_flags},
    {"trace_state", read_trace_state},
};

const PolicyType* find_type(std::string_view name) {
  for (const PolicyType& type : kPolicyTypes) {
    if (type.name == name) return &type;
  }
  return nullptr;
}

std::vector<std::string> keys_of_policies() {
  std::vector<std::string> keys;
  for (const PolicyType& type : kPolicyTypes) keys.emplace_back(type.name);
  return keys;
}

void report_unknown_type(const config::At& at, const std::string& name) {
  const std::string near = config::nearest(name, keys_of_policies());
  at.error("unknown sampling policy type " + name + (near.empty() ? "" : "; did you mean \"" + near + "\"?"));
}

// Everything beside name, type and the block of that type: a block of another type does nothing, as in the collector.
void check_other_keys(const config::At& at, const std::string& type) {
  for (size_t i = 0; i < at.value.map.size(); ++i) {
    const std::string& key = at.value.map[i].first;
    if (key == "name" || key == "type" || key == type) continue;
    if (find_type(key) != nullptr) {
      at.problems.warn(at.value.map[i].second.place, at.path + "::" + key, "not used: the policy's type is " + type);
      continue;
    }
    std::vector<std::string> known = keys_of_policies();
    known.insert(known.end(), {"name", "type"});
    config::unknown_key(at, key, at.value.key_places.size() > i ? at.value.key_places[i] : at.value.place, known);
  }
}

void decode_text(const config::At& at, std::string_view key, std::string& out) {
  const config::Value* value = at.value.find(key);
  if (value != nullptr && !value->is_null()) {
    config::decode_scalar({*value, at.path + "::" + std::string(key), at.problems}, out);
  }
}

void read_block(const config::At& at, const PolicyType& type, PolicyConfig& out) {
  const std::string path = at.path + "::" + out.type;
  if (const config::Value* block = at.value.find(out.type)) {
    out.spec = type.read({*block, path, at.problems});
    return;
  }
  config::Value missing;
  missing.place = at.value.place;
  out.spec = type.read({missing, path, at.problems});
}

}  // namespace

void decode_policy(const config::At& at, PolicyLevel level, PolicyConfig& out) {
  if (!at.value.is_map()) return at.error("expected a map, got " + std::string(at.value.kind_name()));
  decode_text(at, "name", out.name);
  decode_text(at, "type", out.type);
  if (out.name.empty() && level == PolicyLevel::kTop) at.error("policy name cannot be empty");
  const PolicyType* type = find_type(out.type);
  if (type == nullptr) {
    const config::Value* written = at.value.find("type");
    return report_unknown_type({written != nullptr ? *written : at.value, at.path + "::type", at.problems}, out.type);
  }
  if (level > type->deepest) return at.error("a policy of type " + out.type + " cannot stand here");
  check_other_keys(at, out.type);
  read_block(at, *type, out);
}

void decode_policies(const config::At& at, PolicyLevel level, std::vector<PolicyConfig>& out) {
  if (at.value.is_null()) return;
  if (!at.value.is_list()) return at.error("expected a list, got " + std::string(at.value.kind_name()));
  for (size_t i = 0; i < at.value.list.size(); ++i) {
    decode_policy({at.value.list[i], at.path + "::" + std::to_string(i), at.problems}, level, out.emplace_back());
  }
}

}  // namespace weir
