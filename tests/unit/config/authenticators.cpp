// SPDX-License-Identifier: Apache-2.0
#include "config/authenticators.h"

#include <algorithm>

#include "fake_catalog.h"
#include "support/catch.h"

namespace weir::config {
namespace {

using Strings = std::vector<std::string>;

const char* const kText = R"(receivers:
  otlp: {protocols: {grpc: {auth: {authenticator: SERVER}}}}
exporters:
  otlp_grpc: {endpoint: "a:1", auth: {authenticator: CLIENT}}
  prometheus: {auth: {authenticator: nowhere}}
extensions:
  basicauth/in: {htpasswd: {inline: "a:b"}}
  basicauth/out: {client_auth: {username: a, password: b}}
  bearertokenauth: {token: t}
  health_check:
service:
  extensions: [STARTED]
  telemetry: {metrics: {level: none}}
  pipelines:
    traces: {receivers: [otlp], exporters: [otlp_grpc]}
)";

// What is said of authenticators; the made-up components do not know the key.
Strings said(const std::string& server, const std::string& client,
             const std::string& started = "basicauth/in, basicauth/out, bearertokenauth, health_check") {
  std::string text = fake::replaced(kText, "SERVER", server);
  text = fake::replaced(fake::replaced(text, "CLIENT", client), "STARTED", started);
  Strings out;
  for (const std::string& error : fake::load_text(text).errors) {
    if (error.find("authenticator\"") == std::string::npos && error.find("::auth::") != std::string::npos)
      out.push_back(error);
  }
  return out;
}

TEST_CASE("authenticators: each side may be named where it is needed") {
  CHECK(said("basicauth/in", "basicauth/out") == Strings{});
  CHECK(said("bearertokenauth", "bearertokenauth") == Strings{});
}

TEST_CASE("authenticators: what is named must be there and started") {
  CHECK(said("basicauth/i", "bearertokenauth") ==
        Strings{"c.yaml:2:51: receivers::otlp::protocols::grpc::auth::authenticator: failed to resolve authenticator "
                "\"basicauth/i\": authenticator not found; did you mean \"basicauth/in\"?"});
  CHECK(said("oidc", "bearertokenauth") ==
        Strings{"c.yaml:2:51: receivers::otlp::protocols::grpc::auth::authenticator: failed to resolve authenticator "
                "\"oidc\": authenticator not found"});
  CHECK(said("basicauth/in", "basicauth/out", "basicauth/in") ==
        Strings{"c.yaml:4:54: exporters::otlp_grpc::auth::authenticator: failed to resolve authenticator "
                "\"basicauth/out\": authenticator not found: it is not started; add it to service::extensions"});
}

TEST_CASE("authenticators: the side must be there") {
  const Strings wrong = said("basicauth/out", "basicauth/in");
  REQUIRE(wrong.size() == 2);
  CHECK(wrong[0].ends_with("\"basicauth/out\": requested authenticator is not a server authenticator"));
  CHECK(wrong[1].ends_with("\"basicauth/in\": requested authenticator is not a gRPC client authenticator"));
  CHECK(said("health_check", "bearertokenauth").size() == 1);
}

TEST_CASE("authenticators: of a type that is not there nothing more is said") {
  const std::string text =
      fake::replaced(fake::replaced(fake::replaced(kText, "SERVER", "oidc"), "CLIENT", "oidc"), "STARTED", "oidc");
  const Strings errors = fake::load_text(fake::replaced(text, "  health_check:\n", "  oidc:\n")).errors;
  CHECK(std::count_if(errors.begin(), errors.end(), [](const std::string& error) {
          return error.find("unknown type: \"oidc\"") != std::string::npos;
        }) == 1);
  CHECK(std::none_of(errors.begin(), errors.end(), [](const std::string& error) {
    return error.find("requested authenticator") != std::string::npos;
  }));
}

TEST_CASE("authenticators: a memory_limiter of middlewares must be started") {
  const auto middlewares = [](const std::string& list) {
    const std::string key = "auth: {authenticator: SERVER}";
    std::string text = fake::replaced(kText, key, "middlewares: [" + list + "]");
    text = fake::replaced(fake::replaced(text, "CLIENT", "bearertokenauth"), "STARTED",
                          "memory_limiter/on, bearertokenauth");
    text = fake::replaced(text, "  health_check:\n", "  memory_limiter/on: {}\n  memory_limiter/off: {}\n");
    Strings out;
    for (const std::string& error : fake::load_text(text).errors) {
      if (error.find("failed to resolve middleware") != std::string::npos) out.push_back(error);
    }
    return out;
  };
  CHECK(middlewares("{id: memory_limiter/on}") == Strings{});
  CHECK(middlewares("{id: memory_limiter/on}, {id: memory_limiter/of}") ==
        Strings{"c.yaml:2:73: receivers::otlp::protocols::grpc::middlewares::1::id: failed to resolve middleware "
                "\"memory_limiter/of\": middleware not found; did you mean \"memory_limiter/on\"?"});
  const Strings off = middlewares("{id: memory_limiter/off}");
  REQUIRE(off.size() == 1);
  CHECK(off[0].ends_with("middleware not found: it is not started; add it to service::extensions"));
}

}  // namespace
}  // namespace weir::config
