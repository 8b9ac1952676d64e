// SPDX-License-Identifier: Apache-2.0
#include "config/resolver.h"

#include "config/yaml.h"

namespace weir::config {
namespace {

struct SourceText {
  std::string name;  // for places
  std::string text;
  bool inline_text = false;  // its lines and columns mean nothing to the operator
};

Place whole(const std::string& name) { return {std::make_shared<const std::string>(name), 0, 0}; }

// A path where no scheme is written. The content of a file is named by its path, all else by its URI without the
// content.
std::optional<SourceText> read_source(const std::string& uri, const Sources& sources, Problems& problems) {
  auto parts = split_uri(uri);
  UriText read = read_uri(parts ? uri : "file:" + uri, sources);
  bool file = read.scheme == "file";
  std::string name = file ? (parts ? parts->second : uri) : read.scheme == "yaml" ? "--config yaml" : uri;
  if (!read.error.empty()) {
    problems.error(whole(file ? name : "--config"), "", read.error);
    return std::nullopt;
  }
  if (!read.unset.empty()) {
    problems.warn(whole("--config"), "", "Configuration references unset environment variable \"" + read.unset + "\"");
  }
  return SourceText{name, *read.text, read.scheme == "yaml"};
}

// "a.b=v" -> "a::b: v".
std::optional<SourceText> set_source(const std::string& set, Problems& problems) {
  size_t equal = set.find('=');
  if (equal == std::string::npos || equal == 0) {
    problems.error(whole("--set " + set), "",
                   equal == 0 ? "missing key, expected key=value" : "missing equal sign, expected key=value");
    return std::nullopt;
  }
  std::string key;
  for (char c : set.substr(0, equal)) key += c == '.' ? std::string("::") : std::string(1, c);
  return SourceText{"--set " + set.substr(0, equal), key + ": " + set.substr(equal + 1), true};
}

void forget_lines(Value& value) {
  value.place.line = value.place.column = 0;
  for (Place& place : value.key_places) place.line = place.column = 0;
  for (auto& [key, child] : value.map) forget_lines(child);
  for (Value& child : value.list) forget_lines(child);
}

// One key of a map and what stands under it, as a map of its own.
Value single(std::string key, Place key_place, Value&& value) {
  Value map;
  map.kind = Value::Kind::kMap;
  map.place = value.place;
  map.map.emplace_back(std::move(key), std::move(value));
  map.key_places.push_back(std::move(key_place));
  return map;
}

// "a::b: v" -> "a: {b: v}" in maps within maps, as the collector does it; maps in lists keep their keys.
Value split_keys(Value&& root) {
  Value out;
  out.kind = Value::Kind::kMap;
  out.place = root.place;
  for (size_t i = 0; i < root.map.size(); ++i) {
    std::string rest = root.map[i].first;
    Value value = std::move(root.map[i].second);
    if (value.is_map()) value = split_keys(std::move(value));
    for (size_t cut = rest.rfind("::"); cut != std::string::npos; cut = rest.rfind("::")) {
      value = single(rest.substr(cut + 2), root.key_places[i], std::move(value));
      rest.resize(cut);
    }
    merge(out, single(rest, root.key_places[i], std::move(value)));
  }
  return out;
}

void add_source(Value& root, const SourceText& source, Problems& problems) {
  Value value = parse_yaml(source.text, source.name, problems);
  if (source.inline_text) forget_lines(value);
  if (value.is_null()) return;
  if (!value.is_map()) {
    return problems.error(value.place, "",
                          "expected a map of sections at the top level, got " + std::string(value.kind_name()));
  }
  if (!root.place.source) root.place = value.place;
  merge(root, split_keys(std::move(value)));
}

}  // namespace

void merge(Value& into, Value&& from) {
  if (!into.is_map() || !from.is_map()) {
    into = std::move(from);
    return;
  }
  for (size_t i = 0; i < from.map.size(); ++i) {
    auto& [key, value] = from.map[i];
    size_t at = 0;
    while (at < into.map.size() && into.map[at].first != key) ++at;
    if (at == into.map.size()) {
      into.map.emplace_back(std::move(key), std::move(value));
      into.key_places.push_back(std::move(from.key_places[i]));
      continue;
    }
    into.key_places[at] = std::move(from.key_places[i]);
    merge(into.map[at].second, std::move(value));
  }
}

Value resolve(const std::vector<std::string>& uris, const std::vector<std::string>& sets, const Sources& sources,
              Problems& problems) {
  Value root;
  root.kind = Value::Kind::kMap;
  if (uris.empty()) problems.error({}, "", "at least one config flag must be provided");
  std::string last;
  auto add = [&](const std::optional<SourceText>& source) {
    if (!source) return;
    add_source(root, *source, problems);
    last = source->name;
  };
  for (const std::string& uri : uris) add(read_source(uri, sources, problems));
  for (const std::string& set : sets) add(set_source(set, problems));
  if (root.map.empty() && !problems.any_error()) problems.error(whole(last), "", "empty configuration file");
  root.broken = problems.any_error();
  if (!root.broken) expand(root, sources, problems);
  return root;
}

}  // namespace weir::config
