// SPDX-License-Identifier: Apache-2.0
#include "fake_catalog.h"

#include <stdexcept>

#include "config/endpoint.h"

namespace weir::config::fake {

const Fields<Protocol>& Protocol::fields() {
  static const Fields<Protocol> all{field("endpoint", &Protocol::endpoint, "where to listen"),
                                    unsupported<Protocol>("keepalive")};
  return all;
}

void Protocol::validate(const Value& at, const std::string& path, Problems& problems) const {
  std::string error;
  const Value* written = at.find("endpoint");
  if (!parse_endpoint(endpoint, "127.0.0.1", error)) {
    problems.error(written != nullptr ? written->place : at.place, path + "::endpoint", error);
  }
}

const Fields<Protocols>& Protocols::fields() {
  static const Fields<Protocols> all{field("grpc", &Protocols::grpc, "gRPC"), field("http", &Protocols::http, "HTTP")};
  return all;
}

const Fields<Receiver>& Receiver::fields() {
  static const Fields<Receiver> all{field("protocols", &Receiver::protocols, "protocols to listen for")};
  return all;
}

void Receiver::validate(const Value& at, const std::string& path, Problems& problems) const {
  if (protocols.grpc || protocols.http) return;
  problems.error(at.place, path, "must specify at least one protocol when using the OTLP receiver");
}

const Fields<Batch>& Batch::fields() {
  static const Fields<Batch> all{field("timeout", &Batch::timeout, "longest wait"),
                                 field("send_batch_size", &Batch::send_batch_size, "items that end the wait"),
                                 field("metadata_keys", &Batch::metadata_keys, "one batcher per value of these")};
  return all;
}

const Fields<Tls>& Tls::fields() {
  static const Fields<Tls> all{field("insecure", &Tls::insecure, "no TLS")};
  return all;
}

const Fields<Exporter>& Exporter::fields() {
  static const Fields<Exporter> all{
      field("endpoint", &Exporter::endpoint, "where to send"), field("tls", &Exporter::tls, "TLS"),
      choice<Exporter, Compression>(
          "compression", &Exporter::compression,
          {{"none", Compression::kNone}, {"gzip", Compression::kGzip}, {"zstd", Compression::kZstd}},
          "how requests are compressed"),
      secret_field("headers", &Exporter::headers, "headers of each request")};
  return all;
}

void Exporter::validate(const Value& at, const std::string& path, Problems& problems) const {
  if (endpoint.empty()) problems.error(at.place, path, "requires a non-empty \"endpoint\"");
}

const Fields<Nothing>& Nothing::fields() {
  static const Fields<Nothing> none;
  return none;
}

ComponentCatalog catalog() {
  using Kind = ComponentKind;
  constexpr Signal kT = Signal::kTraces, kM = Signal::kMetrics, kL = Signal::kLogs;
  ComponentCatalog all;
  all.add({Kind::kReceiver, "otlp", {}, {kT, kM}, {}, check_as<Receiver>(), ""});
  all.add({Kind::kProcessor, "batch", {}, {kT, kM, kL}, {}, check_as<Batch>(), ""});
  all.add({Kind::kProcessor, "tail_sampling", {}, {kT}, {}, check_as<Nothing>(), ""});
  all.add({Kind::kExporter, "otlp_grpc", {"otlp"}, {kT, kM}, {}, check_as<Exporter>(), ""});
  all.add({Kind::kExporter, "debug", {"logging"}, {kT, kM, kL}, {}, check_as<Nothing>(), ""});
  all.add({Kind::kExporter, "prometheus", {}, {kM}, {}, check_as<Nothing>(), ""});
  all.add({Kind::kConnector, "forward", {}, {}, {{kT, kT}, {kM, kM}, {kL, kL}}, check_as<Nothing>(), ""});
  all.add({Kind::kConnector, "span_metrics", {"spanmetrics"}, {}, {{kT, kM}}, check_as<Nothing>(), ""});
  all.add({Kind::kExtension, "health_check", {}, {}, {}, check_as<Nothing>(), ""});
  all.add({Kind::kExtension, "file_storage", {}, {}, {}, {}, ""});
  all.add({Kind::kExtension, "basicauth", {}, {}, {}, {}, ""});
  all.add({Kind::kExtension, "bearertokenauth", {}, {}, {}, {}, ""});
  all.add({Kind::kExtension, "memory_ballast", {}, {}, {}, {}, "the extension has been removed and does nothing"});
  return all;
}

Sources World::sources() const {
  auto lookup = [](const std::map<std::string, std::string>& all, const std::string& key) {
    auto found = all.find(key);
    return found == all.end() ? std::nullopt : std::optional<std::string>(found->second);
  };
  Sources sources;
  sources.env = [lookup, all = env](const std::string& name) { return lookup(all, name); };
  sources.file = [lookup, all = files](const std::string& path, std::string& error) {
    auto text = lookup(all, path);
    if (!text) error = "No such file or directory";
    return text;
  };
  return sources;
}

Outcome load_text(const std::string& yaml, World world, const std::vector<std::string>& sets) {
  world.files["c.yaml"] = yaml;
  Problems problems;
  Outcome out;
  out.config = load({"c.yaml"}, sets, world.sources(), catalog(), problems);
  for (const Problem& problem : problems.all())
    (problem.warning ? out.warnings : out.errors).push_back(problem.to_string());
  return out;
}

const char* const kSound = R"(receivers:
  otlp:
    protocols:
      grpc: {endpoint: "127.0.0.1:4317"}
processors:
  batch: {timeout: 100ms}
exporters:
  otlp_grpc:
    endpoint: "localhost:4317"
    tls: {insecure: true}
service:
  telemetry: {metrics: {level: none}}
  pipelines:
    traces: {receivers: [otlp], processors: [batch], exporters: [otlp_grpc]}
)";

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  size_t at = text.find(from);
  if (at == std::string::npos) throw std::logic_error("not in the text: " + from);
  return text.replace(at, from.size(), to);
}

}  // namespace weir::config::fake
