// SPDX-License-Identifier: Apache-2.0
#include "otlp/fields.h"
#include "ottl/functions.h"

// What only spans have.
namespace weir::ottl {

namespace {

namespace field = otlp::field;

Value is_root_span(Call& call) {
  const auto parent = call.frame().message().bytes(field::span::kParentSpanId);
  return Value::of_bool(SpanId::from_bytes(parent.value_or(std::string_view())).empty());
}

// A span's name by the semantic conventions, from its kind and attributes.
class SpanNaming {
 public:
  explicit SpanNaming(Call& call) : arena_(call.arena()), map_(call.frame().level(Level::kItem).attributes()) {}

  // "" where the conventions say nothing.
  std::string name(SpanKind kind) const {
    const bool server = kind == SpanKind::kServer;
    const bool client = kind == SpanKind::kClient;
    std::string result;
    if (server || client) result = http(server ? "http.route" : "url.template");
    if (result.empty() && (server || client)) result = rpc();
    if (result.empty() && client) result = database();
    if (result.empty() && kind >= SpanKind::kServer) result = messaging();
    return result;
  }

 private:
  bool text(std::string_view key, std::string& out) const {
    const Entry* entry = map_.find(key);
    if (entry == nullptr) return false;
    out.clear();
    append_plain_text(value_of(*entry, arena_), out);
    return true;
  }
  bool either(std::string_view key, std::string_view old_key, std::string& out) const {
    return text(key, out) || text(old_key, out);
  }
  bool yes(std::string_view key) const {
    const Entry* entry = map_.find(key);
    const Value value = entry == nullptr ? Value() : value_of(*entry, arena_);
    return value.type == Type::kBool && value.boolean;
  }

  std::string http(std::string_view subject_key) const {
    std::string method, subject;
    if (!either("http.request.method", "http.method", method)) return "";
    return text(subject_key, subject) ? method + " " + subject : method;
  }
  std::string rpc() const {
    std::string system, method, service;
    if (!either("rpc.system.name", "rpc.system", system)) return "";
    const bool has_method = either("rpc.method", "rpc.grpc.method", method);
    const bool has_service = either("rpc.service", "rpc.grpc.service", service);
    if (has_method && has_service) return service + "/" + method;
    if (has_method) return method;
    return has_service ? service + "/*" : system;
  }
  std::string server_address() const {
    std::string address, port;
    if (!text("server.address", address)) return "";
    return text("server.port", port) ? address + ":" + port : address;
  }
  std::string database_target() const {
    std::string space, part;
    either("db.namespace", "db.name", space);
    if (text("db.collection.name", part) || text("db.stored_procedure.name", part)) {
      return space.empty() ? part : space + "." + part;
    }
    return space.empty() ? server_address() : space;
  }
  std::string database() const {
    std::string system, summary, operation;
    if (!either("db.system.name", "db.system", system)) return "";
    if (text("db.query.summary", summary)) return summary;
    either("db.operation.name", "db.operation", operation);
    const std::string target = database_target();
    if (!operation.empty() && !target.empty()) return operation + " " + target;
    if (!operation.empty()) return operation;
    return target.empty() ? system : target;
  }
  std::string destination() const {
    std::string name;
    if (yes("messaging.destination.temporary")) return "(temporary)";
    if (yes("messaging.destination.anonymous")) return "(anonymous)";
    if (text("messaging.destination.template", name)) return name;
    if (either("messaging.destination.name", "messaging.destination", name)) return name;
    return server_address();
  }
  std::string messaging() const {
    std::string system, operation;
    if (!text("messaging.system", system)) return "";
    const bool has_operation = either("messaging.operation.name", "messaging.operation", operation);
    const std::string to = destination();
    if (has_operation && !to.empty()) return operation + " " + to;
    if (!to.empty()) return to;
    return has_operation ? operation : system;
  }

  Arena& arena_;
  Map map_;
};

Value set_semconv_span_name(Call& call) {
  MessageEdit& span = call.frame().message();
  const auto kind = static_cast<SpanKind>(span.number(field::span::kKind).value_or(0));
  const std::string before(span.bytes(field::span::kName).value_or(std::string_view()));
  const std::string after = SpanNaming(call).name(kind);
  if (after.empty() || after == before) return {};
  span.set_bytes(field::span::kName, call.arena().copy(after));
  if (!call.has(1)) return {};
  MapBuilder builder(call.arena(), call.frame().level(Level::kItem).attributes());
  builder.put(call.text(1), call.string(before));
  call.frame().level(Level::kItem).set_attributes(builder.build());
  return {};
}
std::string check_semconv(const Site& site) {
  const std::string_view version = site.literal(0)->text();
  const bool known = version == "1.37.0" || version == "1.38.0" || version == "1.39.0" || version == "1.40.0";
  if (!known) return "unsupported semconv version \"" + std::string(version) + "\": 1.37.0 to 1.40.0 are known";
  return site.has(1) && site.literal(1)->text().empty() ? "the attribute's name cannot be empty" : "";
}

}  // namespace

std::span<const Function> span_functions() {
  static const std::vector<Function> table{{"IsRootSpan", {}, is_root_span, false}};
  return table;
}

std::span<const Function> span_editors() {
  static const std::vector<Function> table{
      {"set_semconv_span_name",
       {{"semconv_version", Take::kPlainString}, {"original_span_name_attribute", Take::kPlainString, true}},
       set_semconv_span_name,
       false,
       check_semconv},
  };
  return table;
}

}  // namespace weir::ottl
