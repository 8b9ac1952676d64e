// SPDX-License-Identifier: Apache-2.0
#include "config/expander.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>

#include "config/yaml.h"

namespace weir::config {
namespace {

constexpr size_t kMaxFile = 16 << 20;
constexpr size_t kMaxText = 1 << 20;      // of one value after expansion
constexpr size_t kMaxTotal = 4 << 20;     // of all texts that references put in
constexpr size_t kMaxScanned = 64 << 20;  // characters looked at again after a reference was replaced
constexpr size_t kReferenceCost = 64;     // beside its text, so that many empty ones end, too
constexpr int kMaxRounds = 1000;          // as in the collector
constexpr size_t kMaxDepth = 200;         // of lists and maps that come out of references

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_env_name(std::string_view name) {
  if (name.empty() || is_digit(name[0])) return false;
  return std::all_of(name.begin(), name.end(), [](char c) { return is_letter(c) || is_digit(c) || c == '_'; });
}

void read_env(const std::string& rest, const Sources& sources, UriText& out) {
  size_t cut = rest.find(":-");
  std::string name = rest.substr(0, cut);
  if (!is_env_name(name)) {
    out.error = "environment variable \"" + name + "\" has invalid name: must match regex ^[a-zA-Z_][a-zA-Z0-9_]*$";
    return;
  }
  out.text = sources.env(name);
  if (out.text) return;
  if (cut == std::string::npos) out.unset = name;
  out.text = cut == std::string::npos ? "" : rest.substr(cut + 2);
}

void read_file(const std::string& path, const Sources& sources, UriText& out) {
  std::string error;
  out.text = sources.file(path, error);
  if (!out.text) out.error = "unable to read the file " + path + ": " + error;
}

// The reference that is expanded next: the innermost of the first that closes. [begin, end) holds "${…}".
struct Found {
  size_t begin = std::string::npos;
  size_t end = 0;
  explicit operator bool() const { return begin != std::string::npos; }
};

// A "${" after an odd number of other "$" is escaped: "$${env:X}" stays as it is until "$$" becomes "$".
bool is_escaped(const std::string& text, size_t dollar) {
  size_t before = 0;
  while (before < dollar && text[dollar - before - 1] == '$') ++before;
  return before % 2 == 1;
}

Found find_reference(const std::string& text) {
  size_t open = std::string::npos;
  for (size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '$' && at + 1 < text.size() && text[at + 1] == '{') open = at;
    if (text[at] != '}' || open == std::string::npos) continue;
    if (!is_escaped(text, open)) return {open, at + 1};
    open = std::string::npos;
  }
  return {};
}

void unescape(std::string& text) {
  size_t to = 0;
  for (size_t from = 0; from < text.size(); ++from) {
    text[to++] = text[from];
    if (text[from] == '$' && from + 1 < text.size() && text[from + 1] == '$') ++from;
  }
  text.resize(to);
}

// What stood in the configuration stays the place of all that came out of it.
void set_place(Value& value, const Place& place) {
  value.place = place;
  for (Place& key_place : value.key_places) key_place = place;
  for (auto& [key, child] : value.map) set_place(child, place);
  for (Value& child : value.list) set_place(child, place);
}

class Expander {
 public:
  Expander(const Sources& sources, Problems& problems) : sources_(sources), problems_(problems) {}
  void expand_tree(Value& value, const std::string& path, size_t depth);

 private:
  void expand_children(Value& value, const std::string& path, size_t depth);
  void expand_scalar(Value& value, const std::string& path, size_t depth);
  bool replace_once(Value& value, const std::string& path);
  std::optional<std::string> look_up(const std::string& reference, const Value& value, const std::string& path);
  void fail(Value& value, const std::string& path, std::string text);

  const Sources& sources_;
  Problems& problems_;
  size_t total_ = 0;
  size_t scanned_ = 0;
  bool stopped_ = false;  // it was too large or deep: said once, the rest stays as it is
};

void Expander::fail(Value& value, const std::string& path, std::string text) {
  problems_.error(value.place, path, std::move(text));
  value.kind = Value::Kind::kString;
  value.list.clear();
  value.map.clear();
  value.key_places.clear();
  value.broken = true;
}

void Expander::expand_tree(Value& value, const std::string& path, size_t depth) {
  if (depth > kMaxDepth && !stopped_) {
    stopped_ = true;
    return fail(value, path, "nested deeper than 200 levels");
  }
  if (value.kind == Value::Kind::kString) return expand_scalar(value, path, depth);
  expand_children(value, path, depth);
}

void Expander::expand_children(Value& value, const std::string& path, size_t depth) {
  for (auto& [key, child] : value.map) expand_tree(child, path.empty() ? key : path + "::" + key, depth + 1);
  for (size_t i = 0; i < value.list.size(); ++i) expand_tree(value.list[i], path + "::" + std::to_string(i), depth + 1);
}

void Expander::expand_scalar(Value& value, const std::string& path, size_t depth) {
  for (int round = 0; replace_once(value, path); ++round) {
    if (round == kMaxRounds) return fail(value, path, "too many recursive expansions");
    scanned_ += value.text.size();
    if (value.text.size() > kMaxText || total_ > kMaxTotal || scanned_ > kMaxScanned) {
      stopped_ = true;
      return fail(value, path, "too large after expansion");
    }
  }
  if (value.broken) return;
  unescape(value.text);
  expand_children(value, path, depth);
}

std::optional<std::string> Expander::look_up(const std::string& reference, const Value& value,
                                             const std::string& path) {
  std::string uri = reference.find(':') == std::string::npos ? "env:" + reference : reference;
  UriText found = read_uri(uri, sources_);
  if (!found.unset.empty()) {
    problems_.warn(value.place, path, "Configuration references unset environment variable \"" + found.unset + "\"");
  }
  if (!found.error.empty()) {
    problems_.error(value.place, path, found.error);
  } else if (found.scheme == "file") {
    while (!found.text->empty() && (found.text->back() == '\n' || found.text->back() == '\r')) found.text->pop_back();
  }
  return found.error.empty() ? found.text : std::nullopt;
}

// A value that is one reference and nothing else: what is there means what YAML makes of it; what is not YAML is a
// string.
void take_meaning(Value& value, std::string text) {
  Problems ignored;
  Value meant = parse_yaml(text, "", ignored);
  bool string = ignored.any_error() || meant.kind == Value::Kind::kString;
  set_place(meant, value.place);
  if (string) {
    meant = Value();
    meant.kind = Value::Kind::kString;
    meant.place = value.place;
  }
  meant.text = std::move(text);
  meant.expanded = true;
  value = std::move(meant);
}

// Replaces the next reference of a text; false where there is none or the value is no string (any more) without
// references.
bool Expander::replace_once(Value& value, const std::string& path) {
  if (value.broken || value.is_map() || value.is_list()) return false;
  value.broken = stopped_;
  if (stopped_) return false;
  Found found = find_reference(value.text);
  if (!found) return false;
  std::string reference = value.text.substr(found.begin + 2, found.end - found.begin - 3);
  std::optional<std::string> text = look_up(reference, value, path);
  if (!text) {
    value.kind = Value::Kind::kString;
    value.broken = true;
    return false;
  }
  total_ += text->size() + kReferenceCost;
  if (found.begin == 0 && found.end == value.text.size()) {
    take_meaning(value, std::move(*text));
    return true;
  }
  value.text.replace(found.begin, found.end - found.begin, *text);
  value.kind = Value::Kind::kString;
  return true;
}

std::optional<std::string> read_whole_file(const std::string& path, std::string& error) {
  std::ifstream in(path, std::ios::binary);
  if (!in) {
    error = std::strerror(errno);
    return std::nullopt;
  }
  std::string text;
  std::array<char, 65536> piece;
  while (in && text.size() <= kMaxFile) {
    in.read(piece.data(), piece.size());
    text.append(piece.data(), static_cast<size_t>(in.gcount()));
  }
  if (in.bad()) {  // a directory, for one
    error = std::strerror(errno);
    return std::nullopt;
  }
  if (text.size() <= kMaxFile) return text;
  error = "larger than 16 MiB";
  return std::nullopt;
}

}  // namespace

Sources process_sources() {
  Sources sources;
  sources.env = [](const std::string& name) -> std::optional<std::string> {
    const char* text = std::getenv(name.c_str());
    return text == nullptr ? std::nullopt : std::optional<std::string>(text);
  };
  sources.file = read_whole_file;
  return sources;
}

std::optional<std::pair<std::string, std::string>> split_uri(const std::string& uri) {
  size_t colon = uri.find(':');
  if (colon == std::string::npos || colon < 2 || !is_letter(uri[0])) return std::nullopt;
  std::string scheme = uri.substr(0, colon);
  bool valid = std::all_of(scheme.begin(), scheme.end(),
                           [](char c) { return is_letter(c) || is_digit(c) || c == '+' || c == '.' || c == '-'; });
  if (!valid) return std::nullopt;
  return std::pair{scheme, uri.substr(colon + 1)};
}

UriText read_uri(const std::string& uri, const Sources& sources) {
  UriText out;
  auto parts = split_uri(uri);
  size_t shell_default = uri.find(":-");
  bool shell = shell_default != std::string::npos && is_env_name(uri.substr(0, shell_default)) &&
               (!parts || parts->first != "env");
  std::string hint = shell ? "; did you mean \"${env:" + uri + "}\"?" : "";
  if (!parts) {
    out.error = "invalid uri: \"" + uri + "\"" + hint;
    return out;
  }
  out.scheme = parts->first;
  if (parts->second.find('$') != std::string::npos) {
    out.error = "the uri \"" + uri + "\" contains unsupported characters ('$')";
  } else if (out.scheme == "env") {
    read_env(parts->second, sources, out);
  } else if (out.scheme == "file") {
    read_file(parts->second, sources, out);
  } else if (out.scheme == "yaml") {
    out.text = parts->second;
  } else {
    out.error =
        "scheme \"" + out.scheme + "\" is not supported for uri \"" + uri + "\", expected env, file or yaml" + hint;
  }
  return out;
}

void expand(Value& root, const Sources& sources, Problems& problems) {
  Expander(sources, problems).expand_tree(root, "", 0);
}

}  // namespace weir::config
