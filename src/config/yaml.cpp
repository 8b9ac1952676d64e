// SPDX-License-Identifier: Apache-2.0
#include "config/yaml.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <sstream>
#include <unordered_map>

#include "config/utf8.h"

namespace weir::config {
namespace {

constexpr size_t kMaxNodes = 200'000;
constexpr size_t kMaxDepth = 200;
constexpr std::string_view kStandardTags = "tag:yaml.org,2002:";

struct Stop {  // thrown through the parser after a mistake that ends the reading
  Place place;
  std::string text;
};

struct Extent {
  size_t nodes = 1;
  size_t depth = 1;
};

Extent extent_of(const Value& value) {
  Extent total;
  auto take = [&total](const Value& child) {
    Extent inner = extent_of(child);
    total.nodes += inner.nodes;
    total.depth = std::max(total.depth, inner.depth + 1);
  };
  for (const auto& [key, child] : value.map) take(child);
  for (const Value& child : value.list) take(child);
  return total;
}

// A list or map whose end has not come yet.
struct Open {
  Value value;
  YAML::anchor_t anchor = 0;
  bool has_key = false;
  std::string key;
  Place key_place;
  std::unordered_map<std::string, int> lines;  // of the keys that are there
  std::vector<Value> merges;                   // values of `<<`
};

class TreeBuilder final : public YAML::EventHandler {
 public:
  TreeBuilder(std::string_view text, std::shared_ptr<const std::string> source, Problems& problems)
      : text_(text), source_(std::move(source)), problems_(problems) {}

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override { add(make(mark, Value::Kind::kNull), anchor); }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override;
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& text) override;
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(mark, tag, "seq", Value::Kind::kList, anchor);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(mark, tag, "map", Value::Kind::kMap, anchor);
  }
  void OnMapEnd() override { close(); }

  Value take() { return std::move(root_); }
  Place place(const YAML::Mark& mark) const { return {source_, mark.line + 1, mark.column + 1}; }

 private:
  Value make(const YAML::Mark& mark, Value::Kind kind) {
    count({}, place(mark));
    Value value;
    value.kind = kind;
    value.place = place(mark);
    return value;
  }
  void count(Extent extent, const Place& where);
  void open(const YAML::Mark& mark, const std::string& tag, std::string_view own_tag, Value::Kind kind,
            YAML::anchor_t anchor);
  void close();
  void add(Value&& value, YAML::anchor_t anchor);
  void take_key(const Value& value);
  void put(Open& map, Value&& value);
  void apply_merges(Open& map);
  void check_quotes(const YAML::Mark& mark) const;
  std::string path() const;

  std::string_view text_;
  std::shared_ptr<const std::string> source_;
  Problems& problems_;
  std::vector<Open> open_;
  std::unordered_map<YAML::anchor_t, Value> anchors_;
  size_t nodes_ = 0;
  Value root_;
};

void TreeBuilder::count(Extent extent, const Place& where) {
  nodes_ += extent.nodes;
  if (nodes_ > kMaxNodes) throw Stop{where, "too large: more than 200000 values"};
  if (open_.size() + extent.depth > kMaxDepth) throw Stop{where, "nested deeper than 200 levels"};
}

std::string TreeBuilder::path() const {
  std::string out;
  for (const Open& level : open_) {
    if (level.has_key) out += (out.empty() ? "" : "::") + level.key;
  }
  return out;
}

void TreeBuilder::OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) {
  auto found = anchors_.find(anchor);
  if (found == anchors_.end()) throw Stop{place(mark), "an alias inside of its own anchor"};
  count(extent_of(found->second), place(mark));
  add(Value(found->second), 0);
}

// The parser takes the end of the file as the end of a quoted string.
void TreeBuilder::check_quotes(const YAML::Mark& mark) const {
  size_t at = static_cast<size_t>(mark.pos);
  while (at < text_.size() && (text_[at] == '&' || text_[at] == '!')) {
    at = text_.find_first_of(" \t\r\n", at);
    at = at == std::string_view::npos ? text_.size() : text_.find_first_not_of(" \t\r\n", at);
  }
  if (at >= text_.size() || (text_[at] != '"' && text_[at] != '\'')) return;
  char quote = text_[at];
  for (++at; at < text_.size(); ++at) {
    if (quote == '"' && text_[at] == '\\') {
      ++at;
    } else if (text_[at] == quote) {
      if (quote == '"' || at + 1 >= text_.size() || text_[at + 1] != '\'') return;
      ++at;
    }
  }
  throw Stop{place(mark), "not valid YAML: the closing quote is missing"};
}

void TreeBuilder::OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                           const std::string& text) {
  Value value = make(mark, Value::Kind::kString);
  value.text = text;
  value.quoted = tag == "!";
  if (value.quoted) check_quotes(mark);
  if (tag.empty() || tag == "?") {
    resolve_plain_scalar(value);
  } else if (tag == std::string(kStandardTags) + "str") {
    value.quoted = true;
  } else if (tag.starts_with(kStandardTags)) {
    resolve_plain_scalar(value);
    std::string_view name = std::string_view(tag).substr(kStandardTags.size());
    if (name == "float" && value.kind == Value::Kind::kInt) {
      value.kind = Value::Kind::kDouble;
      value.real = static_cast<double>(value.integer);
    }
    using Kind = Value::Kind;
    bool fits = (name == "int" && value.kind == Kind::kInt) || (name == "float" && value.kind == Kind::kDouble) ||
                (name == "bool" && value.kind == Kind::kBool) || (name == "null" && value.kind == Kind::kNull);
    if (!fits) problems_.error(value.place, path(), "the value does not fit its tag !!" + std::string(name));
  } else if (tag != "!") {
    problems_.error(value.place, path(), "the tag " + tag + " is not supported");
  }
  add(std::move(value), anchor);
}

void TreeBuilder::open(const YAML::Mark& mark, const std::string& tag, std::string_view own_tag, Value::Kind kind,
                       YAML::anchor_t anchor) {
  Open level;
  level.value = make(mark, kind);
  level.anchor = anchor;
  bool known = tag.empty() || tag == "?" || tag == "!" || tag == std::string(kStandardTags).append(own_tag);
  if (!known) problems_.error(level.value.place, path(), "the tag " + tag + " is not supported");
  open_.push_back(std::move(level));
}

void TreeBuilder::close() {
  Open level = std::move(open_.back());
  open_.pop_back();
  apply_merges(level);
  add(std::move(level.value), level.anchor);
}

void TreeBuilder::add(Value&& value, YAML::anchor_t anchor) {
  if (anchor != 0) {
    count(extent_of(value), value.place);  // the copy that aliases are made from
    anchors_[anchor] = value;
  }
  if (open_.empty()) {
    root_ = std::move(value);
    return;
  }
  Open& level = open_.back();
  if (level.value.is_list()) {
    level.value.list.push_back(std::move(value));
  } else if (!level.has_key) {
    take_key(value);
  } else {
    put(level, std::move(value));
  }
}

void TreeBuilder::take_key(const Value& value) {
  if (value.is_map() || value.is_list() || (value.is_null() && value.text.empty())) {
    throw Stop{value.place, "a key must be a word, not " + std::string(value.kind_name())};
  }
  Open& level = open_.back();
  level.key = value.text;
  level.key_place = value.place;
  level.has_key = true;
}

void TreeBuilder::put(Open& map, Value&& value) {
  if (map.key == "<<") {
    map.has_key = false;
    return map.merges.push_back(std::move(value));
  }
  auto [seen, fresh] = map.lines.try_emplace(map.key, map.key_place.line);
  if (!fresh) {
    map.has_key = false;
    std::string where = path();
    return problems_.error(map.key_place, where,
                           "mapping key \"" + map.key + "\" already defined at line " + std::to_string(seen->second));
  }
  map.has_key = false;
  if (value.is_null()) value.place = map.key_place;  // the parser gives the place of what comes next
  map.value.map.emplace_back(std::move(map.key), std::move(value));
  map.value.key_places.push_back(map.key_place);
}

// Keys of the map itself win over merged ones, earlier merged maps over later ones.
void TreeBuilder::apply_merges(Open& map) {
  auto merge = [&](const Value& from) {
    if (!from.is_map())
      return problems_.error(from.place, path(), "map merge requires map or sequence of maps as the value");
    for (size_t i = 0; i < from.map.size(); ++i) {
      if (!map.lines.try_emplace(from.map[i].first, 0).second) continue;
      map.value.map.push_back(from.map[i]);
      map.value.key_places.push_back(from.key_places[i]);
    }
  };
  for (const Value& value : map.merges) {
    if (!value.is_list()) {
      merge(value);
    } else {
      for (const Value& element : value.list) merge(element);
    }
  }
}

std::string_view line_of(std::string_view text, int line) {
  for (; line > 0 && !text.empty(); --line) {
    size_t end = text.find('\n');
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return text.substr(0, text.find('\n'));
}

// The parser's words, and what is usually behind them.
std::string explain(const YAML::ParserException& error, std::string_view text) {
  std::string out = "not valid YAML: " + error.msg;
  std::string_view line = line_of(text, error.mark.line);
  if (line.substr(0, line.find_first_not_of(" \t")).find('\t') != std::string_view::npos) {
    return out + "; indent with spaces, not with tabs";
  }
  if (error.msg.find("anchor is not defined") != std::string::npos) {
    const std::string_view rest = line.substr(std::min(line.size(), static_cast<size_t>(error.mark.column)));
    return out + ": " + std::string(rest.substr(0, rest.find_first_of(" \t,]}\r", 1)));
  }
  bool flow = error.msg.find("flow") != std::string::npos;
  if (flow && line.find("${") != std::string_view::npos) return out + "; put quotes around a ${…} inside of { } or [ ]";
  if (error.msg == "illegal map value")
    return out + "; check the indentation, and put quotes around a text that holds \": \"";
  if (error.msg == "end of map not found") return out + "; check the indentation of this line";
  return out;
}

Value read_documents(std::string_view text, const std::shared_ptr<const std::string>& source, Problems& problems) {
  std::istringstream stream{std::string(text)};
  YAML::Parser parser(stream);
  TreeBuilder first(text, source, problems);
  if (!parser.HandleNextDocument(first)) return {};
  Problems ignored;
  TreeBuilder second(text, source, ignored);
  if (parser.HandleNextDocument(second)) {
    Value rest = second.take();
    if (!rest.is_null())
      throw Stop{rest.place, "not valid YAML: more than one document, or text after the end of the document"};
  }
  return first.take();
}

}  // namespace

Value parse_yaml(std::string_view text, const std::string& source, Problems& problems) {
  auto name = std::make_shared<const std::string>(source);
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  if (auto bad = find_bad_character(text)) {
    problems.error({name, bad->line, bad->column}, "", "not valid YAML: " + bad->text);
    return {};
  }
  try {
    return read_documents(text, name, problems);
  } catch (const Stop& stop) {
    problems.error(stop.place, "", stop.text);
  } catch (const YAML::ParserException& error) {
    problems.error({name, error.mark.line + 1, error.mark.column + 1}, "", explain(error, text));
  } catch (const YAML::Exception& error) {
    problems.error({name, 0, 0}, "", "not valid YAML: " + error.msg);
  }
  return {};
}

}  // namespace weir::config
