// SPDX-License-Identifier: Apache-2.0
#include "processors/span/span.h"

#include <charconv>

#include "otlp/fields.h"
#include "processors/record_stage.h"

namespace weir {

namespace {

namespace field = otlp::field;
using ottl::Value;

class SpanWork {
 public:
  explicit SpanWork(const SpanConfig& config)
      : name_(config.name), status_(config.status), selection_(config.include, config.exclude, unit, Signal::kTraces) {
    if (!name_.to_attributes) return;
    std::string checked_before;
    for (const std::string& rule : name_.to_attributes->rules) {
      if (auto pattern = ottl::Pattern::compile(rule, checked_before)) rules_.push_back(std::move(pattern));
    }
  }

  void run(const Batch&, ottl::Frame& frame, ottl::BatchWalk& walk) const {
    walk.spans([&] {
      if (!selection_.selects(frame)) return true;
      if (!name_.from_attributes.empty()) name_from_attributes(frame);
      for (const auto& rule : rules_) {
        if (name_to_attributes(frame, *rule) && name_.to_attributes->break_after_match) break;
      }
      if (status_) set_status(frame);
      return true;
    });
  }

  ottl::Unit unit;

 private:
  static void append_plain(const Value& value, std::string& out) {
    if (value.type == ottl::Type::kDouble) {
      char text[400];
      const auto end = std::to_chars(text, text + sizeof text, value.real, std::chars_format::fixed).ptr;
      out.append(text, end);
    } else if (value.is_nil() || value.type > ottl::Type::kString) {
      out += "<unknown-attribute-type>";
    } else {
      append_text(value, out);
    }
  }

  // Where one of the attributes is not there the name stays.
  void name_from_attributes(ottl::Frame& frame) const {
    const ottl::Map attributes = frame.level(ottl::Level::kItem).attributes();
    std::string name;
    for (size_t i = 0; i < name_.from_attributes.size(); ++i) {
      const ottl::Entry* entry = attributes.find(name_.from_attributes[i]);
      if (entry == nullptr) return;
      if (i > 0) name += name_.separator;
      append_plain(value_of(*entry, frame.arena()), name);
    }
    frame.message().set_bytes(field::span::kName, frame.arena().copy(name));
  }

  // True where the rule matched.
  bool name_to_attributes(ottl::Frame& frame, const ottl::Pattern& rule) const {
    const std::string_view old_name = frame.message().bytes(field::span::kName).value_or(std::string_view());
    std::vector<std::pair<int, int>> ranges;
    if (old_name.empty() || !rule.find(old_name, 0, ranges)) return false;
    ottl::LevelState& level = frame.level(ottl::Level::kItem);
    ottl::MapBuilder attributes(frame.arena(), level.attributes());
    std::string name;
    size_t copied = 0;
    for (size_t i = 1; i < ranges.size(); ++i) {
      const auto [first, last] = ranges[i];
      const std::string_view group =
          first < 0 ? std::string_view()
                    : old_name.substr(static_cast<size_t>(first), static_cast<size_t>(last - first));
      attributes.put(rule.group_names()[i], Value::of_string(group));
      if (first < 0 || static_cast<size_t>(first) < copied) continue;
      name.append(old_name.substr(copied, static_cast<size_t>(first) - copied));
      name.append("{").append(rule.group_names()[i]).append("}");
      copied = static_cast<size_t>(last);
    }
    name.append(old_name.substr(copied));
    level.set_attributes(attributes.build());
    if (!name_.to_attributes->keep_original_name) {
      frame.message().set_bytes(field::span::kName, frame.arena().copy(name));
    }
    return true;
  }

  void set_status(ottl::Frame& frame) const {
    const auto code = status_->code == "Ok"      ? StatusCode::kOk
                      : status_->code == "Error" ? StatusCode::kError
                                                 : StatusCode::kUnset;
    ottl::MessageEdit status;
    status.start(frame.message().nested(field::span::kStatus, frame.arena()), 0);
    status.set_number(field::status::kCode, otlp::WireType::kVarint, static_cast<uint64_t>(code));
    status.set_bytes(field::status::kMessage, status_->description);
    if (!status.changed()) return;
    otlp::MessageWriter out;
    status.write(out);
    frame.message().put_bytes(field::span::kStatus, frame.arena().copy(out.take()));
  }

  SpanRename name_;
  std::optional<SpanStatus> status_;
  std::vector<std::shared_ptr<const ottl::Pattern>> rules_;
  Selection selection_;
};

}  // namespace

std::unique_ptr<Processor> make_span(const SpanConfig& config, const ComponentEnv& env) {
  return std::make_unique<RecordProcessor<SpanWork>>(std::make_shared<SpanWork>(config), env.budget);
}

}  // namespace weir
