// SPDX-License-Identifier: Apache-2.0
#include "receivers/otlp/cors.h"

#include "live_receiver.h"
#include "support/catch.h"

namespace weir::test {
namespace {

constexpr std::string_view kPage = "https://shop.example.com";
constexpr std::string_view kPreflightVary = "Origin, Access-Control-Request-Method, Access-Control-Request-Headers";
const std::string kSpan =
    R"({"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"11111111111111111111111111111111","spanId":"2222222222222222","name":"page"}]}]}]})";

// Requests as Chromium 156 sends them, header by header: a page's fetch() and sendBeacon(), and the preflight before.
constexpr std::string_view kAgent =
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/156.0.0.0 "
    "Safari/537.36\r\n";
constexpr std::string_view kLanguages =
    "Accept-Encoding: gzip, deflate, br, zstd\r\nAccept-Language: en-US,en;q=0.9\r\n\r\n";

std::string first_line(std::string_view method, std::string_view path) {
  return std::string(method) + " " + std::string(path) +
         " HTTP/1.1\r\nHost: 127.0.0.1:4318\r\nConnection: keep-alive\r\n";
}

std::string preflight(std::string_view headers, std::string_view origin = kPage, std::string_view method = "POST",
                      std::string_view path = "/v1/traces") {
  std::string out = first_line("OPTIONS", path) + "Accept: */*\r\n";
  out += "Access-Control-Request-Method: " + std::string(method) + "\r\n";
  if (!headers.empty()) out += "Access-Control-Request-Headers: " + std::string(headers) + "\r\n";
  out += "Origin: " + std::string(origin) + "\r\n" + std::string(kAgent);
  out += "Sec-Fetch-Mode: cors\r\nSec-Fetch-Site: cross-site\r\nSec-Fetch-Dest: empty\r\n";
  return out + "Referer: " + std::string(origin) + "/\r\n" + std::string(kLanguages);
}

// Without a type: without a body.
std::string request(std::string_view method, std::string_view path, std::string_view type = "",
                    std::string_view body = "", std::string_view mode = "cors") {
  std::string out = first_line(method, path);
  if (!type.empty()) out += "Content-Length: " + std::to_string(body.size()) + "\r\n";
  out += "sec-ch-ua-platform: \"Linux\"\r\n" + std::string(kAgent);
  out += "sec-ch-ua: \"Not:A-Brand\";v=\"8\", \"Chromium\";v=\"156\"\r\n";
  if (!type.empty()) out += "Content-Type: " + std::string(type) + "\r\n";
  out += "sec-ch-ua-mobile: ?0\r\nAccept: */*\r\nOrigin: " + std::string(kPage) + "\r\n";
  out += "Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: " + std::string(mode) + "\r\nSec-Fetch-Dest: empty\r\n";
  out += "Sec-Fetch-Storage-Access: none\r\nReferer: " + std::string(kPage) + "/\r\n" + std::string(kLanguages);
  return out + std::string(body);
}

std::string post(std::string_view type, std::string_view body, std::string_view path = "/v1/traces") {
  return request("POST", path, type, body);
}

LiveReceiver::Options with_cors(OtlpCorsConfig cors) {
  LiveReceiver::Options options = LiveReceiver::defaults();
  options.config.protocols.http->cors = std::move(cors);
  return options;
}

OtlpCorsConfig of_example() {
  OtlpCorsConfig cors;
  cors.allowed_origins = {"http://localhost:3000", "https://*.example.com"};
  return cors;
}

// An answer that Chrome lets the page read, of a request that carries credentials.
void require_readable(const HttpAnswer& answer, std::string_view origin = kPage) {
  CAPTURE(answer.head);
  CHECK(answer.field("access-control-allow-origin") == origin);
  CHECK(answer.field("access-control-allow-credentials") == "true");
}

void require_silent(const HttpAnswer& answer) {
  CAPTURE(answer.head);
  CHECK(answer.status == 204);
  CHECK(answer.field("vary") == kPreflightVary);
  CHECK(answer.head.find("access-control-") == std::string::npos);
}

TEST_CASE("cors: fetch of a page, with its preflight, on one connection") {
  OtlpCorsConfig cors = of_example();
  cors.max_age = 7200;
  LiveReceiver live(with_cors(cors));
  RawSocket socket(live.http());
  std::string rest;
  socket.send(preflight("content-type"));
  const HttpAnswer allowed = read_answer(socket, rest);
  CHECK(allowed.status == 204);
  CHECK(allowed.body.empty());
  require_readable(allowed);
  CHECK(allowed.field("access-control-allow-methods") == "POST");
  CHECK(allowed.field("access-control-allow-headers") == "content-type");
  CHECK(allowed.field("access-control-max-age") == "7200");
  CHECK(allowed.field("vary") == kPreflightVary);
  socket.send(post("application/json", kSpan));
  const HttpAnswer answer = read_answer(socket, rest);
  CHECK(answer.status == 200);
  CHECK(answer.body == R"({"partialSuccess":{}})");
  require_readable(answer);
  CHECK(answer.field("vary") == "Origin");
  CHECK(live.traces.names() == std::vector<std::string>{"page"});
}

TEST_CASE("cors: sendBeacon") {
  LiveReceiver live(with_cors(of_example()));
  // A Blob of application/json is not a plain form: Chrome asks first, then posts it with credentials.
  require_readable(http_exchange(live.http(), preflight("content-type")));
  const HttpAnswer answer = http_exchange(live.http(), post("application/json", kSpan));
  CHECK(answer.status == 200);
  require_readable(answer);
  // A string goes out as text/plain without asking, which is no OTLP.
  const HttpAnswer text =
      http_exchange(live.http(), request("POST", "/v1/traces", "text/plain;charset=UTF-8", kSpan, "no-cors"));
  CHECK(text.status == 415);
  require_readable(text);
  CHECK(live.traces.names().size() == 1);
}

TEST_CASE("cors: every answer can be read by the page, errors included") {
  LiveReceiver::Options options = with_cors(of_example());
  options.config.protocols.http->max_request_body_size = 1000;
  options.config.protocols.http->cors->exposed_headers = {"Retry-After", "X-Id"};
  options.config.protocols.http->response_headers = {
      {"X-Extra", "1"}, {"Access-Control-Allow-Origin", "*"}, {"Vary", "X-Id"}};
  LiveReceiver live(options);
  const auto check = [&](int status, const std::string& request) {
    const HttpAnswer answer = http_exchange(live.http(), request);
    CHECK(answer.status == status);
    require_readable(answer);
    CHECK(answer.field("access-control-expose-headers") == "Retry-After, X-Id");
    CHECK(answer.field("vary") == "Origin");
    CHECK(answer.head.find("vary: X-Id") != std::string::npos);
    CHECK(answer.field("x-extra") == "1");
    CHECK(answer.head.find("origin: *") == std::string::npos);
  };
  check(405, request("GET", "/v1/traces"));
  check(405, request("OPTIONS", "/v1/traces"));
  check(404, post("application/json", kSpan, "/v1/nothing"));
  check(307, post("application/json", kSpan, "//v1/traces"));
  check(415, post("text/html", kSpan));
  check(400, post("application/json", "{"));
  check(413, post("application/json", std::string(1001, ' ')));
  live.traces.set_answer(Answer::retry_later("full", std::chrono::seconds(1)));
  check(503, post("application/json", kSpan));
  live.traces.set_answer(Answer::refused("no"));
  check(500, post("application/json", kSpan));
}

TEST_CASE("cors: what is not allowed is answered without a word") {
  LiveReceiver live(with_cors(of_example()));
  require_silent(http_exchange(live.http(), preflight("content-type", "https://evil.example")));
  require_silent(http_exchange(live.http(), preflight("content-type", "https://example.com.evil.example")));
  require_silent(http_exchange(live.http(), preflight("content-type", "https://.example.co")));
  require_silent(http_exchange(live.http(), preflight("content-type", "http://localhost:3001")));
  require_silent(http_exchange(live.http(), preflight("content-type,x-secret")));
  require_silent(http_exchange(live.http(), preflight("", kPage, "DELETE")));
  require_silent(http_exchange(live.http(), "OPTIONS / HTTP/1.1\r\nAccess-Control-Request-Method: POST\r\n\r\n"));
  // The request itself is served: it is the browser that keeps the answer from the page.
  const std::string foreign = http_post("/v1/traces", "application/json", kSpan, "Origin: https://evil.example\r\n");
  const HttpAnswer answer = http_exchange(live.http(), foreign);
  CHECK(answer.status == 200);
  CHECK(answer.field("vary") == "Origin");
  CHECK(answer.head.find("access-control-") == std::string::npos);
}

TEST_CASE("cors: origins, wildcards and headers as they are written") {
  const auto allows = [](std::vector<std::string> origins, const std::string& origin) {
    OtlpCorsConfig config;
    config.allowed_origins = std::move(origins);
    net::RequestHead head;
    head.add("Origin", origin);
    return Cors(config).allowed_origin(head);
  };
  CHECK(allows({"*"}, "https://a.b") == "https://a.b");
  CHECK(allows({"*"}, "") == "");
  CHECK(allows({"https://*.example.com"}, "https://a.b.example.com") == "https://a.b.example.com");
  CHECK(allows({"https://*.example.com"}, "https://example.com") == "");
  CHECK(allows({"https://*.example.com"}, "https://.example.com") == "https://.example.com");
  CHECK(allows({"https://a*a"}, "https://a") == "");
  CHECK(allows({"HTTPS://Shop.Example.com"}, "https://shop.example.COM") == "https://shop.example.COM");
  CHECK(allows({"http://localhost:*"}, "http://localhost:5173") == "http://localhost:5173");
  CHECK(allows({"null"}, "null") == "null");
  CHECK(allows({}, "https://a.b") == "");

  const auto asks = [](std::vector<std::string> headers, const std::string& asked) {
    OtlpCorsConfig config = of_example();
    config.allowed_headers = std::move(headers);
    LiveReceiver live(with_cors(config));
    return http_exchange(live.http(), preflight(asked)).field("access-control-allow-headers");
  };
  CHECK(asks({}, "content-type,x-requested-with") == "content-type,x-requested-with");
  CHECK(asks({"X-Tenant"}, "content-type,x-tenant") == "content-type,x-tenant");
  CHECK(asks({"X-Tenant"}, "Content-Type, X-Tenant") == "Content-Type, X-Tenant");
  CHECK(asks({"X-Tenant"}, "x-requested-with") == "");
  CHECK(asks({"*"}, "authorization,x-anything") == "authorization,x-anything");
}

TEST_CASE("cors: without it nothing is added and a preflight is a wrong method") {
  LiveReceiver live;
  const HttpAnswer answer = http_exchange(live.http(), preflight("content-type"));
  CHECK(answer.status == 405);
  CHECK(answer.head.find("access-control-") == std::string::npos);
  CHECK(answer.head.find("vary") == std::string::npos);
}

}  // namespace
}  // namespace weir::test
