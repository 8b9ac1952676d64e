// SPDX-License-Identifier: Apache-2.0
#include "receivers/otlp/grpc_handler.h"

#include "net/grpc_framing.h"
#include "receivers/otlp/grpc_call.h"

namespace weir {
namespace {

constexpr int kInvalidArgument = 3, kUnimplemented = 12, kInternal = 13;
constexpr std::string_view kGrpc = "application/grpc";

net::Response refusal(int http_status, int code, const std::string& message) {
  net::Response response = net::grpc_refusal(code, message);
  response.status = http_status;
  return response;
}

std::string quoted(std::string_view text) { return '"' + std::string(text) + '"'; }

// The content type of the answer; empty where the request is not gRPC.
std::string_view answer_type(std::string_view content_type) {
  if (!content_type.starts_with(kGrpc)) return {};
  const std::string_view rest = content_type.substr(kGrpc.size());
  if (rest == "+proto") return "application/grpc+proto";
  if (rest == "+json") return "application/grpc+json";
  return rest.empty() || rest.front() == '+' || rest.front() == ';' ? kGrpc : std::string_view();
}

std::optional<Signal> signal_of(std::string_view service) {
  if (service == "opentelemetry.proto.collector.trace.v1.TraceService") return Signal::kTraces;
  if (service == "opentelemetry.proto.collector.metrics.v1.MetricsService") return Signal::kMetrics;
  if (service == "opentelemetry.proto.collector.logs.v1.LogsService") return Signal::kLogs;
  return {};
}

Metadata metadata_of(const net::RequestHead& head) {
  Metadata out;
  for (size_t i = 0; i < head.size(); ++i) {
    const auto [name, value] = head.field(i);
    if (name == "te" || name.starts_with("grpc-")) continue;
    out.emplace_back(name == "host" ? ":authority" : name, value);
  }
  return out;
}

}  // namespace

struct GrpcHandler::Call {
  GrpcCall::Head head;
  std::optional<Duration> timeout;
};

std::optional<net::Response> GrpcHandler::check_protocol(const net::RequestHead& head, Call& call) const {
  if (head.method() != "POST") {
    return refusal(405, kInternal,
                   "Received a HEADERS frame with :method " + quoted(head.method()) + " which should be POST");
  }
  const std::string_view content_type = head.find("content-type");
  call.head.content_type = answer_type(content_type);
  if (call.head.content_type.empty()) {
    return refusal(415, kInvalidArgument, "invalid gRPC request content-type " + quoted(content_type));
  }
  for (size_t i = 0; i < head.size(); ++i) {
    const auto [name, value] = head.field(i);
    if (!name.ends_with("-bin") || net::is_base64(value)) continue;
    return refusal(400, kInternal, "malformed binary metadata " + quoted(value) + " in header " + quoted(name));
  }
  const std::string_view timeout = head.find("grpc-timeout");
  if (timeout.empty()) return {};
  call.timeout = net::parse_grpc_timeout(timeout);
  if (!call.timeout) return refusal(400, kInternal, "malformed grpc-timeout: " + quoted(timeout));
  return {};
}

std::optional<net::Response> GrpcHandler::find_method(const net::RequestHead& head, Call& call) const {
  const std::optional<net::GrpcPath> path = net::parse_grpc_path(head.target());
  const std::string_view type = call.head.content_type;
  if (!path) return net::grpc_refusal(kUnimplemented, "malformed method name: " + quoted(head.target()), type);
  const std::optional<Signal> signal = signal_of(path->service);
  if (!signal || !intake_.has(*signal)) {
    return net::grpc_refusal(kUnimplemented, "unknown service " + std::string(path->service), type);
  }
  if (path->method != "Export") {
    return net::grpc_refusal(
        kUnimplemented, "unknown method " + std::string(path->method) + " for service " + std::string(path->service),
        type);
  }
  call.head.signal = *signal;
  return {};
}

std::optional<net::Response> GrpcHandler::read_head(const net::RequestHead& head, Call& call) const {
  if (auto refused = check_protocol(head, call)) return refused;
  if (auto refused = find_method(head, call)) return refused;
  if (const auto refused = settings_.auth.refusal(head)) return grpc_response(*refused, call.head.content_type);
  const std::string_view encoding = head.find("grpc-encoding");
  const std::optional<net::Codec> codec = net::codec_of(encoding);
  if (!codec || *codec == net::Codec::kDeflate) {
    return grpc_response(
        {Verdict::Kind::kUnknownEncoding, "grpc: Decompressor is not installed for grpc-encoding " + quoted(encoding)},
        call.head.content_type);
  }
  call.head.codec = *codec;
  call.head.received = intake_.now();
  const Duration now = call.head.received.mono;
  if (!intake_.open_for_request(now)) {
    return grpc_response({Verdict::Kind::kBusy, "shutting down", kRetryAfter}, call.head.content_type);
  }
  if (!call.timeout) return {};
  if (*call.timeout <= Duration(0)) {
    return grpc_response({Verdict::Kind::kTooSlow, "context deadline exceeded"}, call.head.content_type);
  }
  call.head.deadline = now + *call.timeout;
  return {};
}

std::unique_ptr<net::RequestSink> GrpcHandler::on_request(const net::RequestHead& head,
                                                          const net::ConnectionInfo& connection,
                                                          net::Responder responder) {
  Call call;
  if (std::optional<net::Response> refused = read_head(head, call)) {
    responder.respond(std::move(*refused));
    return nullptr;
  }
  call.head.limit = settings_.limit;
  call.head.peer = connection.peer;
  if (settings_.include_metadata) call.head.metadata = metadata_of(head);
  return std::make_unique<GrpcCall>(intake_, std::move(call.head), std::move(responder));
}

}  // namespace weir
