// SPDX-License-Identifier: Apache-2.0
#include "config/telemetry_config.h"

#include <algorithm>

namespace weir::config {
namespace {

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return text;
}

template <class E>
using Words = std::vector<std::pair<std::string, E>>;

// A word in any case; the collector's text where it is none of them.
template <class E>
bool decode_word(const At& at, const Words<E>& words, const std::string& complaint, E& out) {
  std::string text;
  if (at.value.is_null() || at.value.broken || !decode_scalar(at, text)) return false;
  std::vector<std::string> known;
  std::string all;
  for (const auto& [word, value] : words) {
    if (word == lower(text)) {
      out = value;
      return true;
    }
    known.push_back(word);
    all += (all.empty() ? "" : ", ") + word;
  }
  std::string near = nearest(lower(text), known);
  at.error(complaint + " \"" + text + "\", expected one of: " + all +
           (near.empty() ? "" : "; did you mean \"" + near + "\"?"));
  return false;
}

void decode_log_level(const At& at, LogsConfig& out) {
  static const Words<LogLevel> words{{"debug", LogLevel::kDebug},  {"info", LogLevel::kInfo},
                                     {"warn", LogLevel::kWarn},    {"error", LogLevel::kError},
                                     {"dpanic", LogLevel::kError}, {"panic", LogLevel::kError},
                                     {"fatal", LogLevel::kError},  {"warning", LogLevel::kWarn}};
  if (at.value.kind == Value::Kind::kString && at.value.text.empty()) return void(out.level = LogLevel::kInfo);
  decode_word(at, words, "unrecognized level:", out.level);
}

void decode_level(const At& at, MetricsLevel& out) {
  static const Words<MetricsLevel> words{{"none", MetricsLevel::kNone},
                                         {"basic", MetricsLevel::kBasic},
                                         {"normal", MetricsLevel::kNormal},
                                         {"detailed", MetricsLevel::kDetailed}};
  decode_word(at, words, "unknown metrics level", out);
}

// weir's log goes to standard error.
void check_output_paths(const At& at, LogsConfig&) {
  std::vector<std::string> paths;
  decode_any(at, paths);
  for (const std::string& path : paths) {
    if (path != "stderr") at.error("unsupported path \"" + path + "\", expected \"stderr\"");
  }
}

void decode_initial_fields(const At& at, LogsConfig& out) {
  if (!at.value.is_map() && !at.value.is_null())
    return at.error("expected a map, got " + std::string(at.value.kind_name()));
  for (const auto& [key, value] : at.value.map) {
    bool scalar = !value.is_map() && !value.is_list();
    if (!scalar)
      at.error("expected a text or number for the field \"" + key + "\", got " + std::string(value.kind_name()));
    if (scalar) out.initial_fields[key] = value.text;
  }
}

void refuse_if_any(const At& at, const char* why) {
  bool empty = at.value.is_null() || (at.value.is_list() && at.value.list.empty()) ||
               (at.value.is_map() && at.value.map.empty());
  if (!empty) at.error(why);
}

// pull.exporter.prometheus
struct PrometheusReader {
  MetricsPageConfig page;
  void validate(const Value& at, const std::string& path, Problems& problems) const {
    for (const char* key : {"host", "port"}) {
      const Value* written = at.find(key);
      if (written == nullptr || written->is_null())
        problems.error(at.place, path, std::string(key) + " must be specified");
    }
  }
  static const Fields<PrometheusReader>& fields() {
    using P = PrometheusReader;
    static const Fields<P> all{
        custom<P>(
            "host", "string", [](const At& at, P& out) { decode_scalar(at, out.page.host); }, "host to listen on"),
        custom<P>(
            "port", "int", [](const At& at, P& out) { decode_scalar(at, out.page.port); }, "port to listen on"),
        custom<P>(
            "without_type_suffix", "bool", [](const At& at, P& out) { decode_any(at, out.page.without_type_suffix); },
            "no _total"),
        custom<P>(
            "without_units", "bool", [](const At& at, P& out) { decode_any(at, out.page.without_units); },
            "no unit in names"),
        custom<P>(
            "without_scope_info", "bool", [](const At& at, P& out) { decode_any(at, out.page.without_scope_info); },
            "no scope labels"),
        accepted<P>("without_target_info", "weir's page has no target_info"),
        accepted<P>("with_resource_constant_labels", "weir's own metrics carry no resource"),
        unsupported<P>("translation_strategy"),
    };
    return all;
  }
};

struct PullExporter {
  std::optional<PrometheusReader> prometheus;
  std::optional<PrometheusReader> development;  // the same under its name in newer schemas
  static const Fields<PullExporter>& fields() {
    static const Fields<PullExporter> all{
        field("prometheus", &PullExporter::prometheus, "a page in Prometheus' text format"),
        field("prometheus/development", &PullExporter::development, "the same"),
    };
    return all;
  }
};

struct PullReader {
  PullExporter exporter;
  static const Fields<PullReader>& fields() {
    static const Fields<PullReader> all{
        field("exporter", &PullReader::exporter, "what is pulled"),
        unsupported<PullReader>("producers"),
        unsupported<PullReader>("cardinality_limits"),
    };
    return all;
  }
};

struct MetricsReader {
  std::optional<PullReader> pull;
  static const Fields<MetricsReader>& fields() {
    static const Fields<MetricsReader> all{
        field("pull", &MetricsReader::pull, "a page to be scraped"),
        unsupported<MetricsReader>("periodic", "pushing weir's own metrics is not supported; scrape them (pull)"),
    };
    return all;
  }
};

void add_page(const PrometheusReader& reader, const At& at, std::vector<MetricsPageConfig>& pages) {
  MetricsPageConfig page = reader.page;
  if (page.port > 65535) at.error("invalid port " + std::to_string(page.port) + ", expected 0 to 65535");
  page.hand_written = true;
  page.place = at.value.place;
  pages.push_back(std::move(page));
}

void decode_readers(const At& at, OwnMetricsConfig& out) {
  if (at.value.is_null() || at.value.broken) return;
  if (!at.value.is_list()) return at.error("expected a list, got " + std::string(at.value.kind_name()));
  out.pages.clear();
  for (size_t i = 0; i < at.value.list.size(); ++i) {
    At reader_at{at.value.list[i], join_path(at.path, std::to_string(i)), at.problems};
    MetricsReader reader;
    decode(reader_at, reader);
    if (!reader.pull) {
      if (reader_at.value.map.empty()) reader_at.error("no valid metric reader: expected pull");
      continue;
    }
    const PullExporter& exporter = reader.pull->exporter;
    if (exporter.prometheus) add_page(*exporter.prometheus, reader_at, out.pages);
    if (exporter.development) add_page(*exporter.development, reader_at, out.pages);
    if (!exporter.prometheus && !exporter.development) reader_at.error("expected pull::exporter::prometheus");
  }
}

// Collectors before 0.123 had the address as one key.
void decode_old_address(const At& at, OwnMetricsConfig& out) {
  std::string text, error;
  if (at.value.is_null() || at.value.broken || !decode_scalar(at, text)) return;
  std::optional<Endpoint> endpoint = parse_endpoint(text, default_host(), error);
  if (!endpoint || endpoint->is_unix()) return at.error(endpoint ? "expected host:port" : error);
  at.warn(
      "the key has been removed from the collector and is still honoured; use readers: [{pull: {exporter: {prometheus: "
      "{host, port}}}}]");
  MetricsPageConfig page;
  page.host = endpoint->host;
  page.port = endpoint->port;
  page.place = at.value.place;
  out.pages = {std::move(page)};
}

void check_views(const At& at, OwnMetricsConfig&) { refuse_if_any(at, "not supported by this version of weir"); }

void add_resource_attribute(const At& at, const std::string& name, TelemetryConfig& out) {
  if (at.value.is_map() || at.value.is_list())
    return at.error("expected a text, a number or nothing, got " + std::string(at.value.kind_name()));
  out.resource[name] = at.value.is_null() ? std::nullopt : std::optional(at.value.text);
}

// The newer form: attributes: [{name: service.name, value: gateway}].
void decode_attribute_list(const At& at, TelemetryConfig& out) {
  if (at.value.is_null()) return;
  if (!at.value.is_list()) return at.error("expected a list, got " + std::string(at.value.kind_name()));
  for (size_t i = 0; i < at.value.list.size(); ++i) {
    const At entry{at.value.list[i], join_path(at.path, std::to_string(i)), at.problems};
    const Value* name = entry.value.find("name");
    const Value* value = entry.value.find("value");
    if (name == nullptr || name->text.empty() || value == nullptr) entry.error("expected {name: …, value: …}");
    for (size_t k = 0; k < entry.value.map.size(); ++k) {
      const std::string& key = entry.value.map[k].first;
      if (key != "name" && key != "value" && key != "type")
        unknown_key(entry, key, entry.value.key_places[k], {"name", "value", "type"});
    }
    if (name != nullptr && value != nullptr)
      add_resource_attribute({*value, join_path(entry.path, "value"), at.problems}, name->text, out);
  }
}

void decode_resource(const At& at, TelemetryConfig& out) {
  if (at.value.is_null() || at.value.broken) return;
  if (!at.value.is_map()) return at.error("expected a map, got " + std::string(at.value.kind_name()));
  for (const auto& [name, value] : at.value.map) {
    const At entry{value, join_path(at.path, name), at.problems};
    if (name == "attributes") {
      decode_attribute_list(entry, out);
    } else if (name == "detectors" || name == "detection/development") {
      entry.warn("weir detects nothing; write the attributes");
    } else if (name == "attributes_list") {
      entry.error("not supported; write attributes: [{name: …, value: …}]");
    } else if (name != "schema_url") {
      add_resource_attribute(entry, name, out);
    }
  }
}

// Taken, and does nothing.
struct OwnTracesConfig {
  MetricsLevel level = MetricsLevel::kNormal;
  static const Fields<OwnTracesConfig>& fields() {
    using T = OwnTracesConfig;
    static const Fields<T> all{
        custom<T>(
            "level", "string", [](const At& at, T& out) { decode_level(at, out.level); }, "none or basic"),
        accepted<T>("propagators", ""),
        accepted<T>("processors", ""),
        accepted<T>("limits", ""),
        accepted<T>("sampler", ""),
    };
    return all;
  }
};

void check_traces(const At& at, TelemetryConfig&) {
  OwnTracesConfig traces;
  decode(at, traces);
  bool off = at.value.is_null() || at.value.map.empty() || traces.level == MetricsLevel::kNone;
  if (const Value* processors = at.value.find("processors"); processors != nullptr && !processors->list.empty())
    off = false;
  if (!off) at.warn("weir writes no traces of itself; the section does nothing");
}

}  // namespace

const Fields<LogSamplingConfig>& LogSamplingConfig::fields() {
  using T = LogSamplingConfig;
  static const Fields<T> all{
      field("enabled", &T::enabled, "limit the lines of one cause"),
      field("tick", &T::tick, "length of the window"),
      field("initial", &T::initial, "lines of one cause written in each window"),
      accepted<T>("thereafter", "weir does not write every n-th line of a cause but says how many were left out"),
  };
  return all;
}

const Fields<LogsConfig>& LogsConfig::fields() {
  using T = LogsConfig;
  static const Fields<T> all{
      custom<T>("level", "string", decode_log_level, "debug, info, warn or error"),
      custom<T>(
          "encoding", "string",
          [](const At& at, T& out) {
            decode_word(at, Words<bool>{{"console", false}, {"json", true}}, "unknown encoding", out.json);
          },
          "console or json"),
      field("sampling", &T::sampling, "limit of lines per cause"),
      custom<T>("initial_fields", "map", decode_initial_fields, "fields that every line carries"),
      custom<T>("output_paths", "list", check_output_paths, "only stderr"),
      custom<T>("error_output_paths", "list", check_output_paths, "only stderr"),
      accepted<T>("development", ""),
      accepted<T>("disable_caller", ""),
      accepted<T>("disable_stacktrace", ""),
      accepted<T>("disable_zap_resource", ""),
      custom<T>(
          "processors", "list",
          [](const At& at, T&) {
            refuse_if_any(at, "sending weir's own log by OTLP is not supported; it goes to stderr");
          },
          "not supported"),
  };
  return all;
}

const Fields<OwnMetricsConfig>& OwnMetricsConfig::fields() {
  using T = OwnMetricsConfig;
  static const Fields<T> all{
      custom<T>(
          "level", "string", [](const At& at, T& out) { decode_level(at, out.level); },
          "none, basic, normal or detailed"),
      custom<T>("readers", "list", decode_readers, "pages to be scraped"),
      custom<T>("address", "string", decode_old_address, "old form of the page's host and port"),
      custom<T>("views", "list", check_views, "not supported"),
  };
  return all;
}

void OwnMetricsConfig::validate(const Value& value, const std::string&, Problems& problems) {
  const Value* views = value.find("views");
  if (views != nullptr && !views->list.empty() && level != MetricsLevel::kDetailed) {
    problems.error(
        views->place, "",
        "service::telemetry::metrics::views can only be set when service::telemetry::metrics::level is detailed");
  }
  const Value* readers = value.find("readers");
  if (readers != nullptr && readers->is_list() && readers->list.empty() && level != MetricsLevel::kNone)
    problems.error(readers->place, "", "service::telemetry::metrics::readers must not be empty; write level: none");
  if (level == MetricsLevel::kNone) pages.clear();
}

const Fields<TelemetryConfig>& TelemetryConfig::fields() {
  using T = TelemetryConfig;
  static const Fields<T> all{
      field("logs", &T::logs, "the log on standard error"),
      field("metrics", &T::metrics, "weir's own metrics"),
      custom<T>("traces", "map", check_traces, "accepted, does nothing"),
      custom<T>("resource", "map", decode_resource, "attributes of target_info; null leaves one out"),
  };
  return all;
}

}  // namespace weir::config
