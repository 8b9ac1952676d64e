// SPDX-License-Identifier: Apache-2.0
#include "config/authenticators.h"

#include <algorithm>

namespace weir::config {
namespace {

enum class Side { kServer, kHttpClient, kGrpcClient };

constexpr const char* kWrongSide[] = {"requested authenticator is not a server authenticator",
                                      "requested authenticator is not an HTTP client authenticator",
                                      "requested authenticator is not a gRPC client authenticator"};

bool has_side(const ComponentConfig& extension, Side side) {
  if (extension.id.type == "bearertokenauth") return true;
  if (extension.id.type != "basicauth") return false;
  return extension.body.find(side == Side::kServer ? "htpasswd" : "client_auth") != nullptr;
}

class Check {
 public:
  Check(const ServiceConfig& config, const ComponentCatalog& catalog, Problems& problems)
      : config_(config), catalog_(catalog), problems_(problems) {}

  // `holder`: a body that may have `auth`.
  void holder(const Value& holder, const std::string& path, Side side) const {
    const Value* auth = holder.find("auth");
    const Value* named = auth == nullptr ? nullptr : auth->find("authenticator");
    if (named == nullptr || named->kind != Value::Kind::kString) return;
    std::string error;
    const std::optional<ComponentId> id = parse_component_id(named->text, error);
    const At at{*named, path + "::auth::authenticator", problems_};
    return id ? reference(at, *id, side) : at.error(error);
  }

  // `protocol`: the body of a receiver's protocol, which may have `middlewares`.
  void middlewares(const Value& protocol, const std::string& path) const {
    const Value* list = protocol.find("middlewares");
    if (list == nullptr) return;
    for (size_t i = 0; i < list->list.size(); ++i) {
      const Value* named = list->list[i].find("id");
      std::string error;
      const auto id = named == nullptr ? std::nullopt : parse_component_id(named->text, error);
      if (!id || id->type != "memory_limiter") continue;  // the receiver says so itself
      started(At{*named, path + "::middlewares::" + std::to_string(i) + "::id", problems_}, "middleware", *id);
    }
  }

 private:
  void reference(const At& at, const ComponentId& id, Side side) const {
    const ComponentConfig* extension = started(at, "authenticator", id);
    if (extension == nullptr || has_side(*extension, side)) return;
    // A type that weir does not have is told once, where it is declared.
    if (catalog_.find(ComponentKind::kExtension, extension->id.type) != nullptr)
      fail(at, "authenticator", id, kWrongSide[static_cast<size_t>(side)]);
  }

  // The extension of that id; null, and an error, where it is not there or not started.
  const ComponentConfig* started(const At& at, const std::string& role, const ComponentId& id) const {
    const ComponentConfig* extension = config_.find(ComponentKind::kExtension, id);
    const bool runs = std::any_of(config_.started_extensions.begin(), config_.started_extensions.end(),
                                  [&](const Reference& other) { return other.id == id; });
    if (extension == nullptr) {
      fail(at, role, id, role + " not found" + near(id));
    } else if (!runs) {
      fail(at, role, id, role + " not found: it is not started; add it to service::extensions");
    }
    return runs ? extension : nullptr;
  }

  static void fail(const At& at, const std::string& role, const ComponentId& id, const std::string& why) {
    at.error("failed to resolve " + role + " \"" + id.to_string() + "\": " + why);
  }

  std::string near(const ComponentId& id) const {
    std::vector<std::string> declared;
    for (const ComponentConfig& extension : config_.extensions) declared.push_back(extension.id.to_string());
    const std::string found = nearest(id.to_string(), declared);
    return found.empty() ? "" : "; did you mean \"" + found + "\"?";
  }

  const ServiceConfig& config_;
  const ComponentCatalog& catalog_;
  Problems& problems_;
};

Side side_of(const ComponentConfig& exporter) {
  const std::string& type = exporter.id.type;
  if (type == "prometheus") return Side::kServer;  // a page that is scraped
  return type == "otlp" || type == "otlp_grpc" ? Side::kGrpcClient : Side::kHttpClient;
}

}  // namespace

void check_authenticators(const ServiceConfig& config, const ComponentCatalog& catalog, Problems& problems) {
  const Check check(config, catalog, problems);
  for (const ComponentConfig& receiver : config.receivers) {
    const Value* protocols = receiver.body.find("protocols");
    if (!receiver.used || protocols == nullptr) continue;
    for (const auto& [name, body] : protocols->map) {
      const std::string path = receiver.path(ComponentKind::kReceiver) + "::protocols::" + name;
      check.holder(body, path, Side::kServer);
      check.middlewares(body, path);
    }
  }
  for (const ComponentConfig& exporter : config.exporters) {
    if (exporter.used) check.holder(exporter.body, exporter.path(ComponentKind::kExporter), side_of(exporter));
  }
}

}  // namespace weir::config
