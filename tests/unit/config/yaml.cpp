// SPDX-License-Identifier: Apache-2.0
#include "config/yaml.h"

#include <cmath>

#include "support/catch.h"

namespace weir::config {
namespace {

using Kind = Value::Kind;

Value parse(const std::string& yaml) {
  Problems problems;
  Value value = parse_yaml(yaml, "f.yaml", problems);
  INFO(yaml << "\n" << (problems.all().empty() ? "" : problems.all()[0].to_string()));
  CHECK(problems.all().empty());
  return value;
}

std::string first_problem(const std::string& yaml) {
  Problems problems;
  parse_yaml(yaml, "f.yaml", problems);
  return problems.any_error() ? problems.all()[0].to_string() : "taken";
}

TEST_CASE("plain scalars mean what the collector's reader makes of them") {
  struct {
    const char* text;
    Kind kind;
    double number;
  } all[] = {{"12", Kind::kInt, 12},
             {"-12", Kind::kInt, -12},
             {"+12", Kind::kInt, 12},
             {"0x1F", Kind::kInt, 31},
             {"0o17", Kind::kInt, 15},
             {"017", Kind::kInt, 15},
             {"0b101", Kind::kInt, 5},
             {"1_000", Kind::kInt, 1000},
             {"9223372036854775807", Kind::kInt, 9223372036854775807.0},
             {"-9223372036854775808", Kind::kInt, -9223372036854775808.0},
             {"9223372036854775808", Kind::kDouble, 9223372036854775808.0},
             {"089", Kind::kDouble, 89},
             {"1.5", Kind::kDouble, 1.5},
             {"1.", Kind::kDouble, 1},
             {".5", Kind::kDouble, .5},
             {"-1e-3", Kind::kDouble, -.001},
             {"+.5E+1", Kind::kDouble, 5},
             {"true", Kind::kBool, 1},
             {"FALSE", Kind::kBool, 0},
             {"tRUE", Kind::kString, 0},
             {"yes", Kind::kString, 0},
             {"off", Kind::kString, 0},
             {"n", Kind::kString, 0},
             {"1s", Kind::kString, 0},
             {"1.2.3", Kind::kString, 0},
             {"0x", Kind::kString, 0},
             {"-", Kind::kString, 0},
             {".", Kind::kString, 0},
             {"e5", Kind::kString, 0},
             {"1e", Kind::kString, 0},
             {"2001-12-14", Kind::kString, 0},
             {"127.0.0.1:4317", Kind::kString, 0},
             {"null", Kind::kNull, 0},
             {"~", Kind::kNull, 0},
             {"Null", Kind::kNull, 0},
             {"nULL", Kind::kString, 0}};
  for (const auto& [text, kind, number] : all) {
    Value value;
    value.text = text;
    resolve_plain_scalar(value);
    INFO(text);
    CHECK(value.kind == kind);
    if (kind == Kind::kInt) CHECK(static_cast<double>(value.integer) == number);
    if (kind == Kind::kDouble) CHECK(value.real == number);
    if (kind == Kind::kBool) CHECK(value.boolean == (number != 0));
  }
  Value infinity;
  infinity.text = "-.inf";
  resolve_plain_scalar(infinity);
  CHECK((std::isinf(infinity.real) && infinity.real < 0));
}

TEST_CASE("a tree has the place of every key and value") {
  Value root = parse("a:\n  b: [x, {c: 1}]\n  d: |\n    two\n    lines\n");
  CHECK(root.key_places[0].to_string() == "f.yaml:1:1");
  const Value* a = root.find("a");
  CHECK(a->key_places[1].to_string() == "f.yaml:3:3");
  CHECK(a->find("b")->list[0].place.to_string() == "f.yaml:2:7");
  CHECK(a->find("b")->list[1].find("c")->place.to_string() == "f.yaml:2:14");
  CHECK(a->find("d")->text == "two\nlines\n");
  CHECK(root.find("z") == nullptr);
  CHECK(parse("a:\n\n\nb: 1\n").find("a")->place.to_string() == "f.yaml:1:1");
}

TEST_CASE("Windows line ends and letters beyond ASCII") {
  Value root = parse("a: \"x\"\r\n\u00e4: 'y'\r\nc:\r\n  d: z\r\n");
  CHECK(root.find("a")->text == "x");
  CHECK(root.find("\u00e4")->text == "y");
  CHECK(root.find("c")->find("d")->text == "z");
  CHECK(root.find("c")->find("d")->place.to_string() == "f.yaml:4:6");
  CHECK(first_problem("\u00e4\u00e4: 1\r\nb: 'y\r\n") == "f.yaml:2:4: not valid YAML: the closing quote is missing");
}

TEST_CASE("quotes make strings, tags are obeyed or refused") {
  CHECK(parse("'12'").kind == Kind::kString);
  CHECK(parse("!!str 12").kind == Kind::kString);
  CHECK(parse("!!int '12'").integer == 12);
  CHECK(parse("!!float 1").real == 1.0);
  CHECK(first_problem("!!int x") == "f.yaml:1:1: the value does not fit its tag !!int");
  CHECK(first_problem("a: !secret x") == "f.yaml:1:4: a: the tag !secret is not supported");
}

TEST_CASE("aliases and merges are applied") {
  Value root = parse("base: &b {x: 1, y: 2}\nmore: &m {z: 3, x: 9}\nc: {<<: [*b, *m], y: 5}\nd:\n  <<: *b\ne: *b\n");
  const Value* c = root.find("c");
  CHECK(c->map.size() == 3);
  CHECK(c->find("y")->integer == 5);
  CHECK(c->find("x")->integer == 1);
  CHECK(c->find("z")->integer == 3);
  CHECK(c->find("<<") == nullptr);
  CHECK(root.find("d")->find("y")->integer == 2);
  CHECK(root.find("e")->map.size() == 2);
  CHECK(first_problem("a: {<<: 1}") == "f.yaml:1:9: a: map merge requires map or sequence of maps as the value");
  CHECK(first_problem("a: &a [*a]") == "f.yaml:1:8: an alias inside of its own anchor");
  CHECK(first_problem("a: *b").find("f.yaml:1:4: not valid YAML: ") == 0);
}

TEST_CASE("empty texts are null") {
  for (const char* text : {"", "\n", "# nothing\n", "---\n", "---\n...\n", "\xEF\xBB\xBF"})
    CHECK(parse(text).is_null());
}

TEST_CASE("mistakes have a line and a column") {
  CHECK(first_problem("a: 1\nb: 2\na: 3\n") == "f.yaml:3:1: mapping key \"a\" already defined at line 1");
  CHECK(first_problem("a: {b: 1, b: 2}") == "f.yaml:1:11: a: mapping key \"b\" already defined at line 1");
  CHECK(first_problem("a:\n\tb: 1\n") ==
        "f.yaml:2:3: not valid YAML: illegal map value; indent with spaces, not with tabs");
  CHECK(first_problem("a: 'x\nb: 1\n") == "f.yaml:1:4: not valid YAML: the closing quote is missing");
  CHECK(first_problem("a: \"x\\\"\nb: 1\n") == "f.yaml:1:4: not valid YAML: the closing quote is missing");
  CHECK(first_problem("a: 'it''s'\nb: \"\\\"\"\n") == "taken");
  CHECK(first_problem("a: 1\n---\nb: 2\n").find("f.yaml:3:1: not valid YAML: more than one document") == 0);
  CHECK(first_problem("{a: 1} x\n").find("more than one document") != std::string::npos);
  CHECK(first_problem("a: 1\n---\n") == "taken");
  CHECK(first_problem("? [a]\n: b\n") == "f.yaml:1:3: a key must be a word, not a list");
  CHECK(first_problem("a: 1\nb: \xff\n") == "f.yaml:2:4: not valid YAML: not UTF-8 text");
  CHECK(first_problem("a: \x01") == "f.yaml:1:4: not valid YAML: control characters are not allowed");
  CHECK(first_problem("a: [1, 2\n").find("not valid YAML") != std::string::npos);
}

TEST_CASE("an anchor that is not there is named") {
  Problems problems;
  parse_yaml("a: {b: *nope, c: d}\n", "t", problems);
  REQUIRE(problems.all().size() == 1);
  CHECK(problems.all()[0].text == "not valid YAML: the referenced anchor is not defined: *nope");
}

TEST_CASE("alias bombs and deep nesting end with a message") {
  std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 12; ++i) {
    std::string above = "*a" + std::to_string(i - 1);
    bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + above;
    for (int j = 0; j < 9; ++j) bomb += ", " + above;
    bomb += "]\n";
  }
  CHECK(first_problem(bomb).find("too large: more than 200000 values") != std::string::npos);
  CHECK(first_problem(std::string(300, '[')).find("nested deeper than 200 levels") != std::string::npos);
  CHECK(first_problem(std::string(100'000, '[')).find("nested deeper") != std::string::npos);
  std::string chain = "a0: &a0 [x]\n";
  for (int i = 1; i < 300; ++i)
    chain += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [*a" + std::to_string(i - 1) + "]\n";
  CHECK(first_problem(chain).find("nested deeper than 200 levels") != std::string::npos);
}

}  // namespace
}  // namespace weir::config
