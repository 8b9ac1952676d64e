// SPDX-License-Identifier: Apache-2.0
// What is looked at in a request's head before its body: CORS and credentials. The input is lines "name: value"; the
// first line is the method and the target. Whatever comes, an origin is only ever answered as it was sent, and a
// refusal repeats nothing of it.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "extensions/basicauth/basicauth.h"
#include "extensions/bearertokenauth/bearertokenauth.h"
#include "receivers/otlp/cors.h"
#include "receivers/otlp/request_auth.h"
#include "support/quiet.h"

namespace weir {
namespace {

std::string_view line_of(std::string_view& text) {
  const size_t end = text.find('\n');
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(end == text.npos ? text.size() : end + 1);
  return line;
}

net::RequestHead head_of(std::string_view text) {
  net::RequestHead head;
  const std::string_view first = line_of(text);
  const size_t space = first.find(' ');
  head.set_method(first.substr(0, space));
  head.set_target(space == first.npos ? "/" : first.substr(space + 1));
  while (!text.empty()) {
    const std::string_view line = line_of(text);
    const size_t colon = line.find(':');
    if (colon != line.npos) head.add(line.substr(0, colon), line.substr(std::min(line.size(), colon + 2)));
  }
  return head;
}

OtlpCorsConfig cors_config() {
  OtlpCorsConfig config;
  config.allowed_origins = {"https://shop.example.com", "https://*.example.org", "http://localhost:*"};
  config.allowed_headers = {"X-Trace", "X-Team"};
  return config;
}

struct World {
  test::QuietLog log;
  SystemClock clock;
  ComponentEnv env{.id = "auth", .clock = &clock, .log = &log};
  Cors cors{cors_config()};
  RequestAuth basic{
      make_basic_auth(
          {.htpasswd = BasicAuthHtpasswd{"", "ann:secret\nbob:{SHA}NWoZK3kTsExUV00Ywo1G5jlUKKs="}, .client_auth = {}},
          env)
          .server,
      {"authorization", "access_token"}};
  RequestAuth bearer{make_bearer_token_auth({.token = "t0ken"}, env).server};
};

void check_origin(const net::Response& response, std::string_view origin) {
  for (const net::ResponseField& field : response.fields) {
    if (field.name == "access-control-allow-origin" && field.value != origin) std::abort();
  }
}

void check_refusal(const std::optional<Verdict>& why) {
  if (why && why->message.size() > 100) std::abort();
}

void run(std::string_view input) {
  static World world;
  const net::RequestHead head = head_of(input);
  const std::string origin(head.find("origin"));
  if (const auto answer = world.cors.preflight(head)) check_origin(*answer, origin);
  net::Response response;
  world.cors.add_to(response, world.cors.allowed_origin(head));
  check_origin(response, origin);
  check_refusal(world.basic.refusal(head));
  check_refusal(world.bearer.refusal(head));
  query_parameter(head.target(), "access_token");
}

}  // namespace
}  // namespace weir

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  weir::run({reinterpret_cast<const char*>(data), size});
  return 0;
}
