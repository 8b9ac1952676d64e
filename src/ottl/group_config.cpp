// SPDX-License-Identifier: Apache-2.0
#include "ottl/group_config.h"

#include <algorithm>
#include <cctype>

namespace weir::ottl {

using config::At;

const std::vector<std::pair<std::string, ErrorMode>>& error_modes() {
  static const std::vector<std::pair<std::string, ErrorMode>> words{
      {"propagate", ErrorMode::kPropagate}, {"ignore", ErrorMode::kIgnore}, {"silent", ErrorMode::kSilent}};
  return words;
}

void report(const At& at, const config::Value& value, const std::string& path, const std::string& text,
            const Mistake& mistake) {
  const std::string line = mistake.line > 1 ? "line " + std::to_string(mistake.line) + ", " : "";
  at.problems.error(value.place, path,
                    "in `" + text + "`, " + line + "column " + std::to_string(mistake.column) + ": " + mistake.text);
}

namespace {

// The body of one group. Its optionals are kept as words until they are known to be good.
struct GroupBody {
  std::string context;
  std::optional<ErrorMode> error_mode;
  std::vector<std::string> conditions;
  std::vector<std::string> statements;

  static const config::Fields<GroupBody>& fields() {
    using config::field;
    static const config::Fields<GroupBody> table{
        field("context", &GroupBody::context, "what the statements run on; inferred from their paths where not given"),
        config::custom<GroupBody>(
            "error_mode", "string",
            [](const At& at, GroupBody& out) {
              std::string word;
              if (at.value.is_null() || !decode_scalar(at, word)) return;
              for (const auto& [name, mode] : error_modes()) {
                if (name == word) out.error_mode = mode;
              }
              if (!out.error_mode)
                at.error("unknown value \"" + word + "\", expected one of: propagate, ignore, silent");
            },
            "what a failing statement leads to: propagate, ignore or silent"),
        field("conditions", &GroupBody::conditions, "the group runs where one of them holds"),
        field("statements", &GroupBody::statements, "OTTL statements, run in order"),
    };
    return table;
  }
};

std::string list_path(const std::string& path, std::string_view key, size_t index) {
  return config::join_path(config::join_path(path, key), std::to_string(index));
}

// The place of one text of a group: its own node where there is one.
const config::Value& node_of(const At& at, std::string_view key, size_t index) {
  const config::Value* list = at.value.is_map() ? at.value.find(key) : &at.value;
  if (list == nullptr || !list->is_list() || index >= list->list.size()) return at.value;
  return list->list[index];
}

class GroupsDecoder {
 public:
  GroupsDecoder(const At& at, Signal signal, bool statements, std::vector<GroupConfig>& out)
      : at_(at), signal_(signal), statements_(statements), out_(out) {}

  void run() {
    if (at_.value.broken || at_.value.is_null()) return;
    if (!at_.value.is_list()) return at_.error("expected a list, got " + std::string(at_.value.kind_name()));
    GroupConfig plain;
    bool mixed = false;
    for (size_t i = 0; i < at_.value.list.size(); ++i) {
      const config::Value& element = at_.value.list[i];
      const At here{element, config::join_path(at_.path, std::to_string(i)), at_.problems};
      if (element.is_map()) {
        mixed = mixed || !texts(plain).empty();
        group(here);
      } else {
        mixed = mixed || !out_.empty();
        std::string text;
        if (decode_scalar(here, text)) texts(plain).push_back(text);
      }
    }
    if (mixed) at_.error("either a list of texts or a list of groups, not both");
    if (!mixed && !texts(plain).empty()) add(at_, std::move(plain));
  }

 private:
  std::vector<std::string>& texts(GroupConfig& group) const {
    return statements_ ? group.statements : group.conditions;
  }

  void group(const At& at) {
    GroupBody body;
    decode(at, body);
    GroupConfig group{std::nullopt, body.error_mode, body.conditions, body.statements};
    if (!body.context.empty()) {
      std::string lower = body.context;
      std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) { return std::tolower(c); });
      const auto known = contexts_of(signal_);
      group.context = context_named(lower);
      if (!group.context || std::find(known.begin(), known.end(), *group.context) == known.end()) {
        std::string names;
        for (Context context : known) names.append(names.empty() ? "" : ", ").append(name_of(context));
        return at.error("unknown context \"" + body.context + "\", expected one of: " + names);
      }
    }
    if (!statements_ && !body.statements.empty()) return at.error("a group of conditions has no statements");
    add(at, std::move(group));
  }

  void add(const At& at, GroupConfig group) {
    if (texts(group).empty()) return;
    const bool good = statements_ ? check_statements(at, group) : check_conditions(at, group);
    if (good) out_.push_back(std::move(group));
  }
  bool check_statements(const At& at, const GroupConfig& group) const {
    Unit unit;
    std::vector<GroupMistake> mistakes;
    if (compile_group(unit, signal_, group.text(ErrorMode::kIgnore), mistakes)) return true;
    for (const GroupMistake& mistake : mistakes) {
      const std::string_view key = mistake.in_conditions ? "conditions" : "statements";
      const auto& texts = mistake.in_conditions ? group.conditions : group.statements;
      const bool plain = at.value.is_list();
      const std::string path =
          plain ? config::join_path(at.path, std::to_string(mistake.index)) : list_path(at.path, key, mistake.index);
      report(at, node_of(at, key, mistake.index), path, texts[mistake.index], mistake.mistake);
    }
    return false;
  }
  // Each condition is of a context of its own where none is written.
  bool check_conditions(const At& at, const GroupConfig& group) const {
    bool good = true;
    for (size_t i = 0; i < group.conditions.size(); ++i) {
      Unit unit;
      Mistake mistake;
      const auto context = group.context ? group.context : infer_context(signal_, group.conditions[i], mistake);
      if (context && compile_condition(unit, *context, !group.context, group.conditions[i], mistake)) continue;
      const bool plain = at.value.is_list();
      const std::string path =
          plain ? config::join_path(at.path, std::to_string(i)) : list_path(at.path, "conditions", i);
      report(at, node_of(at, "conditions", i), path, group.conditions[i], mistake);
      good = false;
    }
    return good;
  }

  const At& at_;
  Signal signal_;
  bool statements_;
  std::vector<GroupConfig>& out_;
};

}  // namespace

void decode_groups(const At& at, Signal signal, bool statements, std::vector<GroupConfig>& out) {
  GroupsDecoder(at, signal, statements, out).run();
}

void decode_conditions(const At& at, Context context, std::vector<std::string>& out) {
  decode_any(at, out);
  for (size_t i = 0; i < out.size(); ++i) {
    Unit unit;
    Mistake mistake;
    if (compile_condition(unit, context, false, out[i], mistake)) continue;
    report(at, node_of(at, "", i), config::join_path(at.path, std::to_string(i)), out[i], mistake);
  }
}

}  // namespace weir::ottl
