// SPDX-License-Identifier: Apache-2.0
#include "scenario.h"

#include <algorithm>
#include <fstream>
#include <sstream>
#include <stdexcept>

#include "bench/wire.h"
#include "config/fields.h"

namespace weir::test {

namespace {

using Pairs = std::map<std::string, std::string>;

Duration duration_of(const std::string& text) {
  const auto parsed = config::parse_duration(text);
  if (!parsed) throw std::runtime_error("no duration: " + text);
  return *parsed;
}

// "a=b c="d e"": values may be quoted.
Pairs pairs_of(const std::string& line) {
  Pairs pairs;
  for (size_t at = line.find_first_not_of(' '); at != std::string::npos; at = line.find_first_not_of(' ', at)) {
    const size_t equals = line.find('=', at);
    if (equals == std::string::npos) throw std::runtime_error("no key=value: " + line.substr(at));
    const bool quoted = equals + 1 < line.size() && line[equals + 1] == '"';
    const size_t from = equals + (quoted ? 2 : 1);
    const size_t to = std::min(line.find(quoted ? '"' : ' ', from), line.size());
    pairs[line.substr(at, equals - at)] = line.substr(from, to - from);
    at = to + (quoted ? 1 : 0);
    if (at >= line.size()) break;
  }
  return pairs;
}

std::string take(Pairs& pairs, const std::string& key, const std::string& otherwise) {
  const auto node = pairs.extract(key);
  return node.empty() ? otherwise : node.mapped();
}

std::string id_bytes(const std::string& hex, size_t size) {
  std::string bytes(size, '\0');
  uint64_t number = std::stoull(hex, nullptr, 16);
  for (size_t i = size; i-- > 0 && number != 0; number >>= 8) bytes[i] = static_cast<char>(number & 0xff);
  return bytes;
}

uint64_t index_of(const std::string& word, std::initializer_list<const char*> words) {
  uint64_t index = 0;
  for (const char* candidate : words) {
    if (word == candidate) return index;
    ++index;
  }
  throw std::runtime_error("unknown word: " + word);
}

std::string encode_span(Pairs pairs, Duration at) {
  using namespace bench;
  std::string span, status;
  put_bytes(span, 1, id_bytes(take(pairs, "trace", "0"), 16));
  put_bytes(span, 2, id_bytes(take(pairs, "span", "0"), 8));
  if (const std::string state = take(pairs, "state", ""); !state.empty()) put_bytes(span, 3, state);
  if (const std::string parent = take(pairs, "parent", ""); !parent.empty()) put_bytes(span, 4, id_bytes(parent, 8));
  put_bytes(span, 5, take(pairs, "name", "op"));
  put_tag(span, 6, 0);
  put_varint(span, index_of(take(pairs, "kind", "unspecified"),
                            {"unspecified", "internal", "server", "client", "producer", "consumer"}));
  const Duration start = at + duration_of(take(pairs, "start", "0s"));
  put_fixed64(span, 7, static_cast<uint64_t>(start.count()));
  put_fixed64(span, 8, static_cast<uint64_t>((start + duration_of(take(pairs, "dur", "1ms"))).count()));
  put_tag(status, 3, 0);
  put_varint(status, index_of(take(pairs, "status", "unset"), {"unset", "ok", "error"}));
  for (const auto& [key, value] : pairs) {
    const bool integer =
        value.size() > 1 && value.back() == 'i' && value.find_first_not_of("0123456789") == value.size() - 1;
    put_bytes(span, 9, integer ? int_attribute(key, std::stoull(value)) : text_attribute(key, value));
  }
  put_bytes(span, 15, status);
  return span;
}

void add_input_line(Scenario& scenario, const std::string& line, bool& fresh) {
  if (line.find_first_not_of(' ') == std::string::npos) {
    fresh = true;
    return;
  }
  std::istringstream words(line);
  std::string time, rest;
  words >> time;
  std::getline(words, rest);
  const Duration at = duration_of(time);
  if (fresh || scenario.requests.empty() || scenario.requests.back().at != at) scenario.requests.push_back({at, {}});
  if (rest.find_first_not_of(' ') != std::string::npos) scenario.requests.back().spans.push_back(rest);
  fresh = false;
}

}  // namespace

std::string encode_request(const std::vector<std::string>& spans, Duration at) {
  std::string request;
  for (const std::string& line : spans) {
    using namespace bench;
    Pairs pairs = pairs_of(line);
    std::string resource, scope_spans, resource_spans;
    if (const std::string service = take(pairs, "service", ""); !service.empty()) {
      put_bytes(resource, 1, text_attribute("service.name", service));
    }
    put_bytes(scope_spans, 2, encode_span(std::move(pairs), at));
    put_bytes(resource_spans, 1, resource);
    put_bytes(resource_spans, 2, scope_spans);
    put_bytes(request, 1, resource_spans);
  }
  return request;
}

Scenario read_scenario(const std::string& path) {
  std::ifstream file(path);
  if (!file) throw std::runtime_error("cannot read " + path);
  Scenario scenario;
  std::string section;
  bool fresh = true;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("-- ")) {
      section = line.substr(3);
      if (section.starts_with("expect "))
        scenario.expected[section.substr(7, section.find(' ', 7) - 7)].contains = section.ends_with(" contains");
    } else if (section.empty()) {
      if (line.starts_with("# ") && !line.starts_with("# SPDX"))
        scenario.title += (scenario.title.empty() ? "" : " ") + line.substr(2);
    } else if (section == "config") {
      scenario.config += line + "\n";
    } else if (section == "input") {
      add_input_line(scenario, line, fresh);
    } else if (!line.empty()) {
      scenario.expected[section.substr(7, section.find(' ', 7) - 7)].lines.push_back(line);
    }
  }
  for (auto& [name, expectation] : scenario.expected) std::sort(expectation.lines.begin(), expectation.lines.end());
  return scenario;
}

}  // namespace weir::test
