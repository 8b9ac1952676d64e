// SPDX-License-Identifier: Apache-2.0
#include "receivers/otlp/http_handler.h"

#include <algorithm>

#include "receivers/otlp/body_buffer.h"
#include "receivers/otlp/text.h"

namespace weir {
namespace {

using Kind = Verdict::Kind;

net::Response text_response(int status, std::string body, std::string type = "text/plain") {
  net::Response response{.status = status};
  response.fields.push_back({"content-type", std::move(type)});
  response.body = std::move(body);
  return response;
}

// The format of a Content-Type; its parameters do not matter.
std::optional<Format> format_of(std::string_view content_type) {
  const std::string type = lower(trimmed(content_type.substr(0, content_type.find(';'))));
  if (type == "application/x-protobuf") return Format::kProtobuf;
  if (type == "application/json") return Format::kJson;
  return {};
}

// A path that is written with a slash at its end stands for all below it.
bool is_at(std::string_view written, std::string_view path) {
  if (!written.ends_with('/')) return path == written;
  return path.starts_with(written) || path == written.substr(0, written.size() - 1);
}

Metadata metadata_of(const net::RequestHead& head) {
  Metadata out;
  for (size_t i = 0; i < head.size(); ++i) out.emplace_back(head.field(i).name, head.field(i).value);
  return out;
}

Verdict verdict_of(BodyBuffer::Result result) {
  if (result == BodyBuffer::Result::kTooLarge) return {Kind::kTooLarge, "http: request body too large"};
  return {Kind::kBusy, "out of memory, try again later", kRetryAfter};
}

}  // namespace

struct HttpHandler::Request {
  Signal signal = Signal::kTraces;
  Format format = Format::kProtobuf;
  net::Codec codec = net::Codec::kIdentity;
  Time received;
};

namespace {

// One POST: collects the body, inflates it, hands it over.
class HttpCall final : public net::RequestSink {
 public:
  HttpCall(const HttpHandler& handler, Intake& intake, ExportRequest request, net::Codec codec, uint32_t limit,
           HttpHandler::Reply reply)
      : handler_(handler),
        intake_(intake),
        request_(std::move(request)),
        codec_(codec),
        limit_(limit),
        reply_(std::move(reply)),
        body_(intake.budget(), limit) {}

  // False: refused and answered.
  bool expect(uint64_t size) { return check(body_.expect(size)); }
  void on_body(std::string_view bytes) override { check(body_.append(bytes)); }
  void on_end() override;
  void on_stalled() override { refuse({Kind::kTooSlow, "the request did not come in time"}, true); }

 private:
  bool check(BodyBuffer::Result result) {
    if (result == BodyBuffer::Result::kOk) return true;
    refuse(verdict_of(result), true);
    return false;
  }
  void refuse(const Verdict& verdict, bool close) {
    net::Response response = http_response(verdict, request_.signal, request_.format);
    response.close = close;
    handler_.respond(reply_, std::move(response));
  }
  bool inflate();

  const HttpHandler& handler_;
  Intake& intake_;
  ExportRequest request_;
  const net::Codec codec_;
  const uint32_t limit_;
  HttpHandler::Reply reply_;
  BodyBuffer body_;
};

bool HttpCall::inflate() {
  const std::string_view input = request_.bytes->view();
  if (input.empty()) {
    refuse({Kind::kMalformed, "EOF"}, false);
    return false;
  }
  const net::Decoded decoded = net::decompress(codec_, input, limit_, intake_.budget());
  if (decoded.error == net::DecodeError::kNone) {
    request_.bytes = decoded.bytes;
    return true;
  }
  if (decoded.error == net::DecodeError::kCorrupt) {
    refuse({Kind::kMalformed, std::string(net::name_of(codec_)) + ": corrupt input"}, false);
  } else {
    const bool large = decoded.error == net::DecodeError::kTooLarge;
    refuse(verdict_of(large ? BodyBuffer::Result::kTooLarge : BodyBuffer::Result::kOutOfBudget), false);
  }
  return false;
}

void HttpCall::on_end() {
  request_.bytes = body_.take();
  if (codec_ != net::Codec::kIdentity && !inflate()) return;
  auto answer = [handler = &handler_, reply = reply_, signal = request_.signal, format = request_.format](
                    const Verdict& verdict) { handler->respond(reply, http_response(verdict, signal, format)); };
  intake_.take(std::move(request_), std::move(answer));
}

}  // namespace

std::string_view path_of_target(std::string_view target) {
  const size_t scheme = target.find("://");
  if (scheme != target.npos && !target.starts_with('/')) {
    const size_t path = target.find('/', scheme + 3);
    target = path == target.npos ? std::string_view("/") : target.substr(path);
  }
  return target.substr(0, target.find('?'));
}

std::string clean_path(std::string_view path) {
  std::string out;
  for (size_t at = 0; at < path.size();) {
    const size_t end = std::min(path.find('/', at), path.size());
    const std::string_view segment = path.substr(at, end - at);
    at = end + 1;
    if (segment == "..") out.resize(out.empty() ? 0 : out.rfind('/'));
    if (segment.empty() || segment == "." || segment == "..") continue;
    (out += '/') += segment;
  }
  if (path.ends_with('/') || out.empty()) out += '/';
  return out;
}

void HttpHandler::respond(const Reply& reply, net::Response&& response) const {
  settings_.cors.add_to(response, reply.origin);
  send(reply.responder, std::move(response));
}

// What the config adds does not replace what an answer says of itself.
void HttpHandler::send(const net::Responder& responder, net::Response&& response) const {
  const size_t own = response.fields.size();
  const auto is_there = [&](std::string_view name) {
    return std::any_of(response.fields.begin(), response.fields.begin() + static_cast<ptrdiff_t>(own),
                       [&](const net::ResponseField& field) { return field.name == name && name != "vary"; });
  };
  for (const auto& [name, value] : settings_.response_headers) {
    if (!is_there(name)) response.fields.push_back({name, value});
  }
  responder.respond(std::move(response));
}

std::optional<net::Codec> HttpHandler::encoding_of(std::string_view name) const {
  std::string word = lower(name);
  if (word == "identity") word.clear();
  if (!settings_.encodings.empty() &&
      std::find(settings_.encodings.begin(), settings_.encodings.end(), word) == settings_.encodings.end()) {
    return {};
  }
  if (word == "zlib") return net::Codec::kDeflate;
  if (word == "x-snappy-framed") return net::Codec::kSnappy;
  return net::codec_of(word);
}

std::optional<net::Response> HttpHandler::route(const net::RequestHead& head, Request& request) const {
  const std::string_view path = path_of_target(head.target());
  if (const std::string clean = clean_path(path); clean != path && path.starts_with('/')) {
    net::Response moved{.status = 307};
    const size_t query = head.target().find('?');
    moved.fields.push_back({"location", clean + (query == std::string::npos ? "" : head.target().substr(query))});
    return moved;
  }
  for (Signal signal : {Signal::kTraces, Signal::kMetrics, Signal::kLogs}) {
    if (!intake_.has(signal) || !is_at(settings_.paths[static_cast<size_t>(signal)], path)) continue;
    request.signal = signal;
    if (head.method() == "POST") return {};
    return text_response(405, "405 method not allowed, supported: [POST]");
  }
  return text_response(404, "404 page not found\n", "text/plain; charset=utf-8");
}

std::optional<net::Response> HttpHandler::read_head(const net::RequestHead& head, Request& request) const {
  if (auto refused = route(head, request)) return refused;
  const std::optional<Format> format = format_of(head.find("content-type"));
  if (!format) {
    return text_response(415, "415 unsupported media type, supported: [application/json, application/x-protobuf]");
  }
  request.format = *format;
  const std::string_view encoding = head.find("content-encoding");
  const std::optional<net::Codec> codec = encoding_of(encoding);
  if (!codec) {
    return http_response({Kind::kUnknownEncoding, "unsupported Content-Encoding: " + std::string(encoding)},
                         request.signal, request.format);
  }
  request.codec = *codec;
  request.received = intake_.now();
  if (intake_.open_for_request(request.received.mono)) return {};
  net::Response busy = http_response({Kind::kBusy, "shutting down", kRetryAfter}, request.signal, request.format);
  busy.close = true;
  return busy;
}

std::optional<net::Response> HttpHandler::check_auth(const net::RequestHead& head) const {
  const std::optional<Verdict> refused = settings_.auth.refusal(head);
  if (!refused) return {};
  const Format format = format_of(head.find("content-type")).value_or(Format::kJson);
  return http_response(*refused, Signal::kTraces, format);
}

std::unique_ptr<net::RequestSink> HttpHandler::on_request(const net::RequestHead& head,
                                                          const net::ConnectionInfo& connection,
                                                          net::Responder responder) {
  if (std::optional<net::Response> preflight = settings_.cors.preflight(head)) {
    send(responder, std::move(*preflight));
    return nullptr;
  }
  Reply reply{std::move(responder), settings_.cors.allowed_origin(head)};
  Request request;
  std::optional<net::Response> refused = check_auth(head);
  if (!refused) refused = read_head(head, request);
  if (refused) {
    respond(reply, std::move(*refused));
    return nullptr;
  }
  ExportRequest out{request.signal, request.format, {}, connection.peer, request.received, {}};
  if (settings_.include_metadata) out.metadata = metadata_of(head);
  auto call =
      std::make_unique<HttpCall>(*this, intake_, std::move(out), request.codec, settings_.limit, std::move(reply));
  if (head.content_length.value_or(0) > 0 && !call->expect(*head.content_length)) return nullptr;
  return call;
}

}  // namespace weir
