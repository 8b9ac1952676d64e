// SPDX-License-Identifier: Apache-2.0
#include "config/resolver.h"

#include "fake_catalog.h"
#include "support/catch.h"

namespace weir::config {
namespace {

using fake::World;

struct Resolved {
  Value root;
  std::vector<std::string> errors, warnings;
  const Value& at(std::initializer_list<const char*> path) const {
    const Value* value = &root;
    for (const char* key : path) {
      value = value->find(key);
      REQUIRE(value != nullptr);
    }
    return *value;
  }
  std::string text(std::initializer_list<const char*> path) const { return at(path).text; }
};

Resolved resolve_in(const std::vector<std::string>& uris, const World& world,
                    const std::vector<std::string>& sets = {}) {
  Problems problems;
  Resolved out;
  out.root = resolve(uris, sets, world.sources(), problems);
  for (const Problem& p : problems.all()) (p.warning ? out.warnings : out.errors).push_back(p.to_string());
  return out;
}

// One value under the key v of a file.
Resolved expand_one(const std::string& value, World world = {}) {
  world.files["f"] = "v: " + value + "\n";
  return resolve_in({"f"}, world);
}

TEST_CASE("maps merge, lists and null replace, later sources win") {
  World world;
  world.files["a"] = "p: {x: 1, y: [1, 2], z: {k: 1}}\nq: 1\n";
  world.files["b"] = "p: {y: [3], z: }\nr: 2\n";
  world.env["C"] = "p: {x: 5}";
  Resolved got = resolve_in({"a", "file:b", "env:C", "yaml:p::w::deep: 7"}, world, {"p.x=6", "s.t=[a, b]", "u=a=b"});
  CHECK(got.errors.empty());
  CHECK(got.at({"p", "x"}).integer == 6);
  CHECK(got.at({"p", "y"}).list.size() == 1);
  CHECK(got.at({"p", "z"}).is_null());
  CHECK(got.at({"p", "w", "deep"}).integer == 7);
  CHECK(got.at({"q"}).integer == 1);
  CHECK(got.at({"s", "t"}).list.size() == 2);
  CHECK(got.text({"u"}) == "a=b");
  CHECK(got.at({"p", "x"}).place.to_string() == "--set p.x");
  CHECK(got.at({"p", "w", "deep"}).place.to_string() == "--config yaml");
  CHECK(got.at({"p", "y"}).place.to_string() == "b:1:8");
}

TEST_CASE("two colons in a key go down a level, in maps within maps") {
  World world;
  world.files["f"] = "a:\n  b::c: 1\n  b: {d: 2}\n  l: [{x::y: 3}]\n";
  const Resolved got = resolve_in({"f"}, world);
  CHECK(got.errors.empty());
  CHECK(got.text({"a", "b", "c"}) == "1");
  CHECK(got.text({"a", "b", "d"}) == "2");
  CHECK(got.at({"a", "l"}).list[0].find("x::y") != nullptr);
}

TEST_CASE("sources that cannot be had are mistakes") {
  World world;
  world.files["list"] = "[a]";
  world.files["bad"] = "a: [";
  world.files["empty"] = "# nothing\n";
  auto error = [&](const std::vector<std::string>& uris, const std::vector<std::string>& sets = {}) {
    Resolved got = resolve_in(uris, world, sets);
    return got.errors.empty() ? "taken" : got.errors[0];
  };
  CHECK(error({}) == "at least one config flag must be provided");
  CHECK(error({"nope.yaml"}) == "nope.yaml: unable to read the file nope.yaml: No such file or directory");
  CHECK(error({"file:nope.yaml"}) == "nope.yaml: unable to read the file nope.yaml: No such file or directory");
  CHECK(error({"http://x/y"}) ==
        "--config: scheme \"http\" is not supported for uri \"http://x/y\", expected env, file or yaml");
  CHECK(error({"list"}) == "list:1:1: expected a map of sections at the top level, got a list");
  CHECK(error({"bad"}).find("bad:1:") == 0);
  CHECK(error({"empty"}) == "empty: empty configuration file");
  CHECK(error({"env:NONE"}) == "env:NONE: empty configuration file");
  CHECK(error({"empty", "yaml:a: 1"}) == "taken");
  CHECK(error({"yaml:a: 1"}, {"ab"}) == "--set ab: missing equal sign, expected key=value");
  CHECK(error({"yaml:a: 1"}, {"=b"}) == "--set =b: missing key, expected key=value");
}

TEST_CASE("a value that is one reference takes the meaning of the text") {
  World world;
  world.env = {{"N", "8"},    {"B", "true"},  {"L", "[a, b]"}, {"M", "{k: 1}"},
               {"S", "0123"}, {"Q", "\"q\""}, {"E", ""},       {"Y", "a: b: c"}};
  world.files["secret"] = "token\n";
  CHECK(expand_one("${env:N}", world).at({"v"}).integer == 8);
  CHECK(expand_one("\"${N}\"", world).at({"v"}).integer == 8);
  CHECK(expand_one("${env:B}", world).at({"v"}).boolean);
  CHECK(expand_one("${env:L}", world).at({"v"}).list.size() == 2);
  CHECK(expand_one("${env:M}", world).at({"v", "k"}).integer == 1);
  CHECK(expand_one("${env:S}", world).text({"v"}) == "0123");
  CHECK(expand_one("${env:Q}", world).text({"v"}) == "\"q\"");
  CHECK(expand_one("${env:Y}", world).text({"v"}) == "a: b: c");
  CHECK(expand_one("${env:E:-x}", world).at({"v"}).is_null());
  CHECK(expand_one("${env:U:-x:-y}", world).text({"v"}) == "x:-y");
  CHECK(expand_one("${env:U:-5s}", world).text({"v"}) == "5s");
  CHECK(expand_one("${file:secret}", world).text({"v"}) == "token");
  CHECK(expand_one("\"${yaml:[1, 2]}\"", world).at({"v"}).list.size() == 2);
  CHECK(expand_one("${env:M}", world).at({"v", "k"}).place.to_string() == "f:1:4");
}

TEST_CASE("inside of a longer text a reference is its text") {
  World world;
  world.env = {{"H", "host"}, {"P", "0123"}, {"X", "H"}, {"NEST", "${env:H}!"}, {"SHELL", "$H and ${H"}};
  CHECK(expand_one("${env:H}:${env:P}", world).text({"v"}) == "host:0123");
  CHECK(expand_one("${env:P}${env:P}", world).at({"v"}).kind == Value::Kind::kString);
  CHECK(expand_one("${env:${env:X}}", world).text({"v"}) == "host");
  CHECK(expand_one("${env:U:-${env:H}}", world).text({"v"}) == "host");
  CHECK(expand_one("<${env:NEST}>", world).text({"v"}) == "<host!>");
  CHECK(expand_one("${env:NEST}", world).text({"v"}) == "host!");
  CHECK(expand_one("$H", world).text({"v"}) == "$H");
  CHECK(expand_one("a}${env:H}", world).text({"v"}) == "a}host");
  CHECK(expand_one("${env:SHELL}", world).text({"v"}) == "$H and ${H");
  CHECK(expand_one("\"${env:H\"", world).text({"v"}) == "${env:H");
}

TEST_CASE("two dollars are one, and keep a reference from being expanded") {
  World world;
  world.env = {{"H", "host"}};
  CHECK(expand_one("a$$b", world).text({"v"}) == "a$b");
  CHECK(expand_one("$${env:H}", world).text({"v"}) == "${env:H}");
  CHECK(expand_one("$$${env:H}", world).text({"v"}) == "$host");
  CHECK(expand_one("$$$${env:H}", world).text({"v"}) == "$${env:H}");
  CHECK(expand_one("$${env:H} ${env:H}", world).text({"v"}) == "${env:H} host");
  CHECK(expand_one("'^(.*)$$1$'", world).text({"v"}) == "^(.*)$1$");
}

TEST_CASE("keys are not expanded") {
  World world;
  world.env = {{"H", "host"}};
  world.files["f"] = "\"${env:H}\": 1\n";
  CHECK(resolve_in({"f"}, world).at({"${env:H}"}).integer == 1);
}

TEST_CASE("an unset variable is empty, with a warning") {
  Resolved got = expand_one("x${env:U}y");
  CHECK(got.text({"v"}) == "xy");
  CHECK(got.warnings ==
        std::vector<std::string>{"f:1:4: warning: v: Configuration references unset environment variable \"U\""});
  got = expand_one("${U}");
  CHECK(got.at({"v"}).is_null());
  CHECK(got.errors.empty());
}

TEST_CASE("references that lead nowhere are mistakes at their place") {
  World world;
  world.env = {{"LOOP", "x${env:LOOP}"}, {"DEEP", "['${env:DEEP}']"}, {"WIDE", "['${env:WIDE}', '${env:WIDE}']"}};
  for (int i = 0; i < 40; ++i) {  // 2^40 values, 40 levels deep
    std::string next = "'${env:FAN" + std::to_string(i + 1) + "}'";
    world.env["FAN" + std::to_string(i)] = "[" + next + ", " + next + "]";
  }
  world.env["BIG"] = std::string(3 << 20, 'x');
  auto error = [&](const std::string& value) {
    Resolved got = expand_one(value, world);
    return got.errors.empty() ? "taken" : got.errors[0];
  };
  CHECK(error("${env:1X}") ==
        "f:1:4: v: environment variable \"1X\" has invalid name: must match regex ^[a-zA-Z_][a-zA-Z0-9_]*$");
  CHECK(error("${}").find("has invalid name") != std::string::npos);
  CHECK(error("${s3:x}") == "f:1:4: v: scheme \"s3\" is not supported for uri \"s3:x\", expected env, file or yaml");
  CHECK(error("${x:y}") == "f:1:4: v: invalid uri: \"x:y\"");
  CHECK(error("${MY_X:-y}") == "f:1:4: v: invalid uri: \"MY_X:-y\"; did you mean \"${env:MY_X:-y}\"?");
  CHECK(error("${file:nope}").find("unable to read the file nope") != std::string::npos);
  CHECK(error("${env:LOOP}") == "f:1:4: v: too many recursive expansions");
  CHECK(error("${env:DEEP}").find("nested deeper than 200 levels") != std::string::npos);
  CHECK(error("${env:WIDE}").find("nested deeper than 200 levels") != std::string::npos);
  CHECK(error("${env:FAN0}").find("too large after expansion") != std::string::npos);
  CHECK(error("${env:BIG}${env:BIG}") == "f:1:4: v: too large after expansion");
  CHECK(expand_one("${env:WIDE}", world).errors.size() == 1);
  CHECK(expand_one("${env:FAN0}", world).errors.size() == 1);
}

TEST_CASE("the sources of the process read the environment and files") {
  Sources sources = process_sources();
  std::string error;
  CHECK(sources.env("PATH").has_value());
  CHECK_FALSE(sources.env("WEIR_NO_SUCH_VARIABLE").has_value());
  CHECK(sources.file(WEIR_TEST_DATA "/config/broken/unknown_key.yaml", error).value().find("timout") !=
        std::string::npos);
  CHECK_FALSE(sources.file(WEIR_TEST_DATA "/config/nope", error).has_value());
  CHECK(error == "No such file or directory");
  CHECK_FALSE(sources.file(WEIR_TEST_DATA "/config", error).has_value());
  CHECK(error == "Is a directory");
}

}  // namespace
}  // namespace weir::config
