// SPDX-License-Identifier: Apache-2.0
#include "extensions/bearertokenauth/bearertokenauth.h"

#include "auth_fixture.h"

namespace weir {
namespace {

using namespace auth_test;
using Strings = std::vector<std::string>;

Authenticator made_of(Place& place, const std::string& yaml) {
  BearerTokenAuthConfig config;
  CHECK(problems_of(yaml, &config).empty());
  return make_bearer_token_auth(config, place.env);
}

}  // namespace

TEST_CASE("bearertokenauth: both sides of one token") {
  Place place;
  const Authenticator made = made_of(place, "{token: t0}");
  REQUIRE(made.client);
  REQUIRE(made.server);
  CHECK(made.client->headers() == std::vector<std::pair<std::string, std::string>>{{"authorization", "Bearer t0"}});
  CHECK(refusal(*made.server, {{"authorization", "Bearer t0"}}) == "");
  CHECK(refusal(*made.server, {}) == "missing or empty authorization header: Authorization");
  for (const char* wrong : {"Bearer t1", "Bearer ", "Bearer t0 ", "bearer t0", "t0", "Basic t0"}) {
    CHECK(refusal(*made.server, {{"authorization", wrong}}) == "scheme or token does not match");
  }
}

TEST_CASE("bearertokenauth: several tokens, own header, no scheme") {
  Place place;
  const Authenticator made = made_of(place, "{tokens: [one, two], header: X-Token, scheme: ''}");
  CHECK(made.client->headers() == std::vector<std::pair<std::string, std::string>>{{"x-token", "one"}});
  CHECK(refusal(*made.server, {{"x-token", "one"}}) == "");
  CHECK(refusal(*made.server, {{"x-token", "two"}}) == "");
  CHECK(refusal(*made.server, {{"x-token", "three"}}) != "");
  CHECK(refusal(*made.server, {{"authorization", "one"}}) == "missing or empty authorization header: X-Token");
}

TEST_CASE("bearertokenauth: a file is read again when it changes, once a second at most") {
  Place place;
  const TempFile file("old\r\n\n  other \n");
  const Authenticator made = made_of(place, "{filename: " + file.path() + "}");
  REQUIRE(made.server);
  CHECK(made.client->headers()[0].second == "Bearer old");
  CHECK(refusal(*made.server, {{"authorization", "Bearer other"}}) == "");
  CHECK(refusal(*made.server, {{"authorization", "Bearer "}}) != "");
  file.replace("new\n");
  CHECK(made.client->headers()[0].second == "Bearer old");
  place.clock.mono += std::chrono::nanoseconds(std::chrono::seconds(1)).count();
  CHECK(made.client->headers()[0].second == "Bearer new");
  CHECK(refusal(*made.server, {{"authorization", "Bearer old"}}) != "");
  file.replace("\n");  // while it is written
  place.clock.mono += std::chrono::nanoseconds(std::chrono::seconds(1)).count();
  CHECK(made.client->headers()[0].second == "Bearer new");
  file.replace("newest");
  place.clock.mono += std::chrono::nanoseconds(std::chrono::seconds(1)).count();
  CHECK(made.client->headers()[0].second == "Bearer newest");
}

TEST_CASE("bearertokenauth: what is no configuration") {
  Place place;
  CHECK(problems_of<BearerTokenAuthConfig>("{}") == Strings{"c.yaml:1:1: extensions::auth: no bearer token provided"});
  CHECK(problems_of<BearerTokenAuthConfig>("{token: a, tokens: [b]}") ==
        Strings{"c.yaml:1:1: extensions::auth: either tokens or token should be provided, not both"});
  CHECK(problems_of<BearerTokenAuthConfig>("{token: a, header: ''}").size() == 1);
  CHECK(problems_of<BearerTokenAuthConfig>("{token: \"a\\r\\nX: y\"}").size() == 1);
  CHECK(problems_of<BearerTokenAuthConfig>("{tokens: ['']}").size() == 1);
  CHECK(problems_of<BearerTokenAuthConfig>("{token: a, filename: x}").size() == 1);  // a warning
  BearerTokenAuthConfig config;
  config.filename = "/nonexistent/token";
  CHECK(make_bearer_token_auth(config, place.env).error == "open /nonexistent/token: No such file or directory");
  const TempFile file("\n \n");
  config.filename = file.path();
  CHECK(make_bearer_token_auth(config, place.env).error == "no bearer token provided: the file `filename` is empty");
}

}  // namespace weir
