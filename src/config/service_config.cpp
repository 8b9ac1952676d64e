// SPDX-License-Identifier: Apache-2.0
#include "config/service_config.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace weir::config {
namespace {

constexpr uint32_t kMostShards = 256;

std::optional<ComponentId> read_id(const At& at, const Place& place, std::string_view text) {
  std::string error;
  std::optional<ComponentId> id = parse_component_id(text, error);
  if (!id) at.problems.error(place, at.path, error);
  return id;
}

bool expect_map(const At& at) {
  if (at.value.is_map() || at.value.is_null()) return true;
  if (!at.value.broken) at.error("expected a map, got " + std::string(at.value.kind_name()));
  return false;
}

// One of receivers, processors, exporters, connectors, extensions.
void read_section(const At& at, std::vector<ComponentConfig>& out) {
  if (!expect_map(at)) return;
  for (size_t i = 0; i < at.value.map.size(); ++i) {
    const auto& [key, body] = at.value.map[i];
    const Place& place = at.value.key_places[i];
    std::optional<ComponentId> id = read_id(at, place, key);
    if (!id) continue;
    bool twice = std::any_of(out.begin(), out.end(), [&](const ComponentConfig& c) { return c.id == *id; });
    if (twice) at.problems.error(place, at.path, "duplicate name \"" + id->to_string() + "\" once the spaces are gone");
    ComponentConfig component{*id, place, body};
    if (!expect_map(At{body, join_path(at.path, key), at.problems})) component.body.broken = true;
    out.push_back(std::move(component));
  }
}

void read_references(const At& at, std::vector<Reference>& out) {
  if (at.value.is_null() || at.value.broken) return;
  if (!at.value.is_list()) {
    return at.error("source data must be an array or slice, got " + std::string(at.value.kind_name()) +
                    (at.value.kind == Value::Kind::kString ? "; write [" + at.value.text + "]" : ""));
  }
  for (const Value& item : at.value.list) {
    std::string text;
    if (!decode_scalar(At{item, at.path, at.problems}, text) || item.broken) continue;
    if (std::optional<ComponentId> id = read_id(at, item.place, text)) out.push_back({*id, item.place});
  }
}

// A pipeline's body.
struct PipelineBody {
  PipelineConfig pipeline;
  static const Fields<PipelineBody>& fields() {
    using T = PipelineBody;
    static const Fields<T> all{
        custom<T>(
            "receivers", "list", [](const At& at, T& out) { read_references(at, out.pipeline.receivers); },
            "receivers and connectors that feed it"),
        custom<T>(
            "processors", "list", [](const At& at, T& out) { read_references(at, out.pipeline.processors); },
            "what the data passes, in order"),
        custom<T>(
            "exporters", "list", [](const At& at, T& out) { read_references(at, out.pipeline.exporters); },
            "exporters and connectors that it feeds"),
    };
    return all;
  }
};

bool read_signal(const At& at, const Place& place, const ComponentId& id, Signal& out) {
  std::vector<std::string> known;
  for (Signal signal : {Signal::kTraces, Signal::kMetrics, Signal::kLogs}) {
    if (name_of(signal) == id.type) {
      out = signal;
      return true;
    }
    known.emplace_back(name_of(signal));
  }
  std::string near = nearest(id.type, known);
  at.problems.error(place, at.path,
                    "in \"" + id.to_string() + "\" id: unknown pipeline signal: \"" + id.type +
                        "\", expected one of: traces, metrics, logs" +
                        (near.empty() ? "" : "; did you mean \"" + near + "\"?"));
  return false;
}

void read_pipelines(const At& at, ServiceConfig& out) {
  if (!expect_map(at)) return;
  for (size_t i = 0; i < at.value.map.size(); ++i) {
    const auto& [key, value] = at.value.map[i];
    const Place& place = at.value.key_places[i];
    std::optional<ComponentId> id = read_id(at, place, key);
    PipelineBody body;
    if (!id || !read_signal(at, place, *id, body.pipeline.signal)) continue;
    bool twice =
        std::any_of(out.pipelines.begin(), out.pipelines.end(), [&](const PipelineConfig& p) { return p.id == *id; });
    if (twice) at.problems.error(place, at.path, "duplicate name \"" + id->to_string() + "\" once the spaces are gone");
    body.pipeline.id = *id;
    body.pipeline.place = place;
    decode(At{value, join_path(at.path, id->to_string()), at.problems}, body);
    out.pipelines.push_back(std::move(body.pipeline));
  }
}

void read_shards(const At& at, ServiceConfig& out) {
  uint32_t shards = 0;
  if (at.value.is_null() || !decode_scalar(at, shards)) return;
  if (shards == 0 || shards > kMostShards) return at.error("expected 1 to 256, got " + std::to_string(shards));
  out.shards = shards;
}

void read_shutdown_timeout(const At& at, ServiceConfig& out) {
  if (at.value.is_null() || !decode_scalar(at, out.shutdown_timeout)) return;
  if (out.shutdown_timeout < Duration{0}) at.error("must not be negative");
}

struct JournalSection {
  std::optional<ComponentId> storage;
  Place storage_place;
  std::optional<Ack> ack;

  static const Fields<JournalSection>& fields() {
    using T = JournalSection;
    static const Fields<T> all{
        custom<T>(
            "storage", "string",
            [](const At& at, T& out) {
              std::string text;
              if (at.value.is_null() || !decode_scalar(at, text)) return;
              out.storage = read_id(at, at.value.place, text);
              out.storage_place = at.value.place;
            },
            "the file_storage extension that says where"),
        choice<T, std::optional<Ack>>(
            "ack", &T::ack, {{"durable", Ack::kDurable}, {"buffered", Ack::kBuffered}, {"memory", Ack::kMemory}},
            "when a sender hears ok: after the sync, after the write, at once"),
    };
    return all;
  }
};

void read_journal(const At& at, ServiceConfig& out) {
  if (at.value.broken || !expect_map(at)) return;
  JournalSection section;
  decode(at, section);
  if (section.storage) {
    out.journal = {*section.storage, section.ack, at.value.place, section.storage_place};
  } else if (const Value* storage = at.value.find("storage"); storage == nullptr || storage->is_null()) {
    at.error("requires `storage`, the id of a file_storage extension: journal: {storage: file_storage}");
  }
}

struct ServiceSection {
  ServiceConfig config;
  static const Fields<ServiceSection>& fields() {
    using T = ServiceSection;
    static const Fields<T> all{
        custom<T>(
            "extensions", "list", [](const At& at, T& out) { read_references(at, out.config.started_extensions); },
            "extensions to start, in order"),
        custom<T>(
            "pipelines", "map",
            [](const At& at, T& out) {
              out.config.pipelines_place = at.value.place;
              read_pipelines(at, out.config);
            },
            "the pipelines"),
        custom<T>(
            "telemetry", "map", [](const At& at, T& out) { decode(at, out.config.telemetry); },
            "weir's own log and metrics"),
        custom<T>(
            "shards", "int", [](const At& at, T& out) { read_shards(at, out.config); }, "event loops"),
        custom<T>(
            "memory_limit", "size",
            [](const At& at, T& out) {
              if (!at.value.is_null()) decode_size(at, out.config.memory_limit);
            },
            "byte budget"),
        custom<T>(
            "shutdown_timeout", "duration", [](const At& at, T& out) { read_shutdown_timeout(at, out.config); },
            "how long a stop may take"),
        custom<T>(
            "journal", "map", [](const At& at, T& out) { read_journal(at, out.config); },
            "where requests are kept until all destinations have them"),
    };
    return all;
  }
};

struct Document {
  ServiceSection service;
  static const Fields<Document>& fields() {
    using T = Document;
    static const Fields<T> all{
        custom<T>(
            "receivers", "map", [](const At& at, T& out) { read_section(at, out.service.config.receivers); },
            "data in"),
        custom<T>(
            "processors", "map", [](const At& at, T& out) { read_section(at, out.service.config.processors); },
            "on the way"),
        custom<T>(
            "exporters", "map", [](const At& at, T& out) { read_section(at, out.service.config.exporters); },
            "data out"),
        custom<T>(
            "connectors", "map", [](const At& at, T& out) { read_section(at, out.service.config.connectors); },
            "from pipeline to pipeline"),
        custom<T>(
            "extensions", "map", [](const At& at, T& out) { read_section(at, out.service.config.extensions); },
            "beside them"),
        custom<T>(
            "service", "map",
            [](const At& at, T& out) {
              out.service.config.service_place = at.value.place;
              decode(at, out.service);
            },
            "pipelines and weir itself"),
    };
    return all;
  }
};

struct SizeUnit {
  std::string_view name;
  uint64_t bytes;
};
constexpr std::array<SizeUnit, 13> kSizeUnits{{{"", 1},
                                               {"B", 1},
                                               {"K", 1ULL << 10},
                                               {"KiB", 1ULL << 10},
                                               {"KB", 1'000},
                                               {"kB", 1'000},
                                               {"M", 1ULL << 20},
                                               {"MiB", 1ULL << 20},
                                               {"MB", 1'000'000},
                                               {"G", 1ULL << 30},
                                               {"GiB", 1ULL << 30},
                                               {"GB", 1'000'000'000},
                                               {"TiB", 1ULL << 40}}};

bool any_pipeline(const Value& root) {
  const Value* service = root.find("service");
  const Value* pipelines = service == nullptr ? nullptr : service->find("pipelines");
  return pipelines != nullptr && !pipelines->is_null() && (!pipelines->is_map() || !pipelines->map.empty());
}

}  // namespace

std::optional<uint64_t> parse_size(std::string_view text) {
  uint64_t number = 0, bytes = 0;
  auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc()) return std::nullopt;
  std::string_view unit_name = text.substr(static_cast<size_t>(rest - text.data()));
  while (unit_name.starts_with(' ')) unit_name.remove_prefix(1);
  for (const SizeUnit& unit : kSizeUnits) {
    if (unit.name == unit_name && !__builtin_mul_overflow(number, unit.bytes, &bytes)) return bytes;
  }
  return std::nullopt;
}

bool decode_size(const At& at, uint64_t& out) {
  if (at.value.broken) return false;
  const std::optional<uint64_t> bytes = parse_size(at.value.text);
  const bool scalar = at.value.kind == Value::Kind::kInt || at.value.kind == Value::Kind::kString;
  if (!scalar || !bytes || *bytes == 0) {
    at.error("expected a size like 1073741824, \"512MiB\" or \"1GB\", got " +
             (at.value.text.empty() ? std::string(at.value.kind_name()) : at.value.text));
    return false;
  }
  out = *bytes;
  return true;
}

std::vector<ComponentConfig>& ServiceConfig::section(ComponentKind kind) {
  switch (kind) {
    case ComponentKind::kReceiver:
      return receivers;
    case ComponentKind::kProcessor:
      return processors;
    case ComponentKind::kExporter:
      return exporters;
    case ComponentKind::kConnector:
      return connectors;
    case ComponentKind::kExtension:
      break;
  }
  return extensions;
}

const std::vector<ComponentConfig>& ServiceConfig::section(ComponentKind kind) const {
  return const_cast<ServiceConfig*>(this)->section(kind);
}

const ComponentConfig* ServiceConfig::find(ComponentKind kind, const ComponentId& id) const {
  for (const ComponentConfig& component : section(kind)) {
    if (component.id == id) return &component;
  }
  return nullptr;
}

ServiceConfig parse_service_config(const Value& root, Problems& problems) {
  Document document;
  document.service.config.broken = root.broken;
  if (root.broken) return document.service.config;
  decode(At{root, "", problems}, document);
  ServiceConfig config = std::move(document.service.config);
  config.place = root.place;
  if (!config.service_place.source) config.service_place = root.place;
  if (!config.pipelines_place.source) config.pipelines_place = config.service_place;
  if (!any_pipeline(root)) {
    problems.error(config.pipelines_place, "service::pipelines", "service must have at least one pipeline");
  }
  return config;
}

}  // namespace weir::config
