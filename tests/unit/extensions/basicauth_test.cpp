// SPDX-License-Identifier: Apache-2.0
#include "extensions/basicauth/basicauth.h"

#include <chrono>
#include <filesystem>

#include "auth_fixture.h"
#include "extensions/basicauth/base64.h"
#include "extensions/basicauth/htpasswd.h"

namespace weir {
namespace {

using namespace auth_test;
using Strings = std::vector<std::string>;

// Each look takes as long as a check of bcrypt.
class SlowClock final : public Clock {
 public:
  Time now() const override { return {mono += std::chrono::milliseconds(60), Duration(0)}; }
  mutable Duration mono{0};
};

std::string basic(const std::string& pair) { return "Basic " + encode_base64(pair); }

std::shared_ptr<const ServerAuth> server_of(Place& place, const std::string& lines) {
  BasicAuthConfig config;
  config.htpasswd.emplace().inline_lines = lines;
  Authenticator made = make_basic_auth(config, place.env);
  CHECK(made.error.empty());
  CHECK_FALSE(made.client);
  return made.server;
}

}  // namespace

TEST_CASE("base64 of credentials") {
  for (const auto& [plain, text] : std::map<std::string, std::string>{
           {"", ""}, {"f", "Zg=="}, {"fo", "Zm8="}, {"foo", "Zm9v"}, {"a:\xff\xfe?", "YTr//j8="}}) {
    CHECK(encode_base64(plain) == text);
    CHECK(decode_base64(text) == plain);
  }
  for (const char* wrong : {"Zg", "Zg=", "Z===", "Zm9-", "Z m9v", "Zg==Zg=="}) CHECK_FALSE(decode_base64(wrong) == "f");
  CHECK_FALSE(decode_base64("Zm9-"));
}

// The hashes were made with `openssl passwd` and crypt(3).
TEST_CASE("htpasswd: every hash that is taken lets its password pass and no other") {
  const std::map<std::string, std::string> hashes = {
      {"2a", "$2a$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW"},
      {"2b", "$2b$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW"},
      {"2y", "$2y$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW"},
      {"apr1", "$apr1$saltsalt$LrttParrLPdxvgutaSXWJ0"},
      {"1", "$1$abc$iCQ2D3nhptRYi27fDYv2s1"},
      {"5", "$5$abc$qsg6EHbUzHQzF1POlD7zUwBINSELQxypPaeDcZe6vH0"},
      {"6", "$6$abc$IdWKNKTJEb8LxY7CGg8YBXlvtfZzFw7Mp/r6niK9YB2mdvgY..TKjv1T..8RadRt2qvUHYRLr/TsVArtr91iR1"},
      {"sha", "{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ="},
      {"ssha", "{SSHA}gVK8WC9YyFT1gMsQHTGCgT3sSv5zYWx0"},
      {"plain", "secret"}};
  Htpasswd users;
  for (const auto& [user, hash] : hashes) CHECK(users.add(user + ":" + hash).empty());
  for (const auto& [user, hash] : hashes) {
    INFO(user);
    CHECK(users.matches(user, "secret"));
    for (const std::string wrong : {"", "Secret", "secret ", "secre", "secrets"})
      CHECK_FALSE(users.matches(user, wrong));
    CHECK_FALSE(users.matches(user, std::string("secret\0x", 8)));
    if (user != "plain") CHECK_FALSE(users.matches(user, hash));
  }
  CHECK_FALSE(users.matches("nobody", "secret"));
  users.add("long:$apr1$xy$KWmjAYxMqmqTjytotPjDu.\nempty:$apr1$zz$j2/RZcZLBHtY4Hv3/anFc1\n");
  CHECK(users.matches("long", "a much longer password than sixteen bytes"));
  CHECK_FALSE(users.matches("long", "a much longer password than sixteen byte"));
  CHECK(users.matches("empty", ""));
}

TEST_CASE("htpasswd: lines") {
  Htpasswd users;
  CHECK(users.add("# who\n\n  ann:a:b  \r\nnocolon\n:x\nbob:\nann2:x\nann:last") == std::vector<size_t>{4, 5, 6});
  CHECK(users.matches("ann", "last"));
  CHECK(users.matches("ann2", "x"));
  CHECK_FALSE(users.knows("bob"));
  CHECK_FALSE(users.knows("nocolon"));
  for (const char* broken : {"$2y$04$", "$2y$99$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW", "$apr1$",
                             "$apr1$a", "{SHA}", "{SHA}c2VjcmV0", "{SSHA}!"}) {
    INFO(broken);
    users.add(std::string("u:") + broken);
    CHECK_FALSE(users.matches("u", "secret"));
    CHECK_FALSE(users.matches("u", ""));
    CHECK_FALSE(users.matches("u", broken));
  }
}

TEST_CASE("basicauth: a server says why not, in the collector's words") {
  Place place;
  const auto server = server_of(place, "ann:secret\nwrong line\n");
  CHECK(place.log.lines == Strings{"a line of htpasswd is not user:hash and lets nobody pass where=inline line=2"});
  CHECK(refusal(*server, {}) == "no basic auth provided");
  const std::string refused = "invalid authorization scheme or credentials";
  CHECK(refusal(*server, {{"authorization", "Bearer x"}}) == refused);
  CHECK(refusal(*server, {{"authorization", "Basic"}}) == refused);
  CHECK(refusal(*server, {{"authorization", "Basic !!!!"}}) == refused);
  CHECK(refusal(*server, {{"authorization", "Basic " + encode_base64("ann")}}) == refused);
  CHECK(refusal(*server, {{"authorization", basic("ann:Secret")}}) == refused);
  CHECK(refusal(*server, {{"authorization", basic("bob:secret")}}) == refused);
  CHECK(refusal(*server, {{"authorization", basic("ann:secret")}}) == "");
  CHECK(refusal(*server, {{"authorization", "bAsIc " + encode_base64("ann:secret")}}) == "");
}

TEST_CASE("basicauth: what was checked once is not checked again") {
  Place place;
  // 2^12 rounds: about 0.2 s a check.
  const auto server = server_of(place, "ann:$2y$12$abcdefghijklmnopqrstuuT1Iwu6o8Wx7BoOyIMHfgVJq6JO/IJhW\n");
  const auto seconds_for = [&](const std::string& pair, int times) {
    const auto start = std::chrono::steady_clock::now();
    std::string last;
    for (int i = 0; i < times; ++i) last = refusal(*server, {{"authorization", basic(pair)}});
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    return std::pair(last, took.count());
  };
  const auto [first, slow] = seconds_for("ann:secret", 1);
  CHECK(first.empty());
  const auto [second, fast] = seconds_for("ann:secret", 100);
  CHECK(second.empty());
  CHECK(fast < 100 * slow / 10);
  CHECK_FALSE(seconds_for("ann:wrong", 1).first.empty());
  const auto [third, refused_fast] = seconds_for("ann:wrong", 100);
  CHECK_FALSE(third.empty());
  CHECK(refused_fast < 100 * slow / 10);
  CHECK(seconds_for("ann:secret", 1).first.empty());
}

TEST_CASE("basicauth: ever new wrong passwords do not hold up an event loop") {
  Place place;
  SlowClock clock;
  place.env.clock = &clock;
  const auto server = server_of(place, "ann:secret\nbob:secret\n");
  const auto answer = [&](const std::string& pair) { return refusal(*server, {{"authorization", basic(pair)}}); };
  const std::string wrong = "invalid authorization scheme or credentials";
  const std::string later = "too many wrong passwords were checked, try again later";
  CHECK(answer("ann:secret") == "");
  std::map<std::string, int> answers;
  const Duration start = clock.mono;
  for (int i = 0; i < 1000; ++i) ++answers[answer("ann:" + std::to_string(i))];
  const int most =
      static_cast<int>((std::chrono::milliseconds(560) + (clock.mono - start) / 10) / std::chrono::milliseconds(60));
  CHECK(answers[wrong] + answers[later] == 1000);
  CHECK(answers[wrong] > most / 2);
  CHECK(answers[wrong] <= most);
  while (answer("ann:x" + std::to_string(clock.mono.count())) != later) {
  }
  CHECK(answer("bob:secret") == later);
  CHECK(answer("nobody:secret") == wrong);
  CHECK(answer("ann:secret") == "");  // it is known
  clock.mono += std::chrono::seconds(6);
  CHECK(answer("bob:secret") == "");
  CHECK(answer("bob:Secret") == wrong);
}

TEST_CASE("basicauth: htpasswd from a file, and inline lines over it") {
  Place place;
  const TempFile file("ann:one\nbob:two");
  BasicAuthConfig config;
  config.htpasswd.emplace();
  config.htpasswd->file = file.path();
  config.htpasswd->inline_lines = "ann:three";
  const Authenticator made = make_basic_auth(config, place.env);
  REQUIRE(made.server);
  CHECK(refusal(*made.server, {{"authorization", basic("ann:three")}}) == "");
  CHECK(refusal(*made.server, {{"authorization", basic("bob:two")}}) == "");
  CHECK(refusal(*made.server, {{"authorization", basic("ann:one")}}) != "");
  config.htpasswd->file = "/nonexistent/users";
  CHECK(make_basic_auth(config, place.env).error == "htpasswd: open /nonexistent/users: No such file or directory");
}

TEST_CASE("basicauth: a client sends what is written, or what its files say now") {
  Place place;
  BasicAuthConfig config;
  config.client_auth.emplace();
  config.client_auth->username = "user";
  config.client_auth->password = "pass";
  CHECK(make_basic_auth(config, place.env).client->headers() ==
        std::vector<std::pair<std::string, std::string>>{{"authorization", "Basic dXNlcjpwYXNz"}});
  const TempFile password("first\n");
  config.client_auth->password_file = password.path();
  const Authenticator made = make_basic_auth(config, place.env);
  REQUIRE(made.client);
  CHECK_FALSE(made.server);
  CHECK(made.client->headers()[0].second == basic("user:first"));
  password.replace("second\n");
  CHECK(made.client->headers()[0].second == basic("user:first"));  // looked at once a second
  place.clock.mono += std::chrono::nanoseconds(std::chrono::milliseconds(1001)).count();
  CHECK(made.client->headers()[0].second == basic("user:second"));
  password.write("");  // for a moment, while it is written anew in place
  place.clock.mono += std::chrono::nanoseconds(std::chrono::seconds(2)).count();
  CHECK(made.client->headers()[0].second == basic("user:second"));
  std::filesystem::remove(password.path());
  place.clock.mono += std::chrono::nanoseconds(std::chrono::seconds(2)).count();
  CHECK(made.client->headers()[0].second == basic("user:second"));  // the last that could be read
  config.client_auth->username_file = "/nonexistent/user";
  CHECK(make_basic_auth(config, place.env).error == "open /nonexistent/user: No such file or directory");
}

TEST_CASE("basicauth: exactly one side") {
  CHECK(problems_of<BasicAuthConfig>("{htpasswd: {inline: 'a:b'}}").empty());
  CHECK(problems_of<BasicAuthConfig>("{client_auth: {username: a, password: b}}").empty());
  CHECK(problems_of<BasicAuthConfig>("{client_auth: {username: a, password: b}, htpasswd: {file: x}}") ==
        Strings{"c.yaml:1:1: extensions::auth: only one of `htpasswd` or `client_auth` can be specified"});
  for (const char* none : {"{}", "{htpasswd: {}}", "{htpasswd: {file: ''}}"}) {
    const Strings problems = problems_of<BasicAuthConfig>(none);
    REQUIRE(problems.size() == 1);
    CHECK(problems[0].find("extensions::auth: no credential source provided") != std::string::npos);
  }
  // A mistake does not show the secret.
  for (const std::string& problem : problems_of<BasicAuthConfig>("{client_auth: {username: a, password: 4711}}")) {
    INFO(problem);
    CHECK(problem.find("4711") == std::string::npos);
  }
}

}  // namespace weir
