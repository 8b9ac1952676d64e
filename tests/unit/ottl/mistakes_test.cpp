// SPDX-License-Identifier: Apache-2.0
#include <fstream>
#include <string>

#include "config/yaml.h"
#include "ottl/group_config.h"
#include "ottl/parser.h"
#include "span_fixture.h"

namespace weir::test {

namespace {

Signal signal_of(const std::string& context) {
  if (context == "log") return Signal::kLogs;
  return context == "metric" || context == "datapoint" ? Signal::kMetrics : Signal::kTraces;
}

std::string mistake_in(const std::string& context, const std::string& statement) {
  ottl::GroupText text;
  text.statements = {statement};
  if (context != "inferred") text.context = ottl::context_named(context);
  ottl::Unit unit;
  std::vector<ottl::GroupMistake> mistakes;
  const auto group = compile_group(unit, signal_of(context), text, mistakes);
  return group ? "compiles" : mistakes.at(0).mistake.to_string();
}

}  // namespace

TEST_CASE("wrong statements are refused with place and remedy") {
  std::ifstream file(WEIR_TEST_DATA "/ottl/wrong.txt");
  REQUIRE(file);
  std::string line, context, statement;
  int count = 0;
  while (std::getline(file, line)) {
    if (line.empty() || line[0] == '#') continue;
    if (!line.starts_with("  ")) {
      const size_t bar = line.find('|');
      context = line.substr(0, bar);
      statement = line.substr(bar + 1);
      continue;
    }
    INFO(statement);
    CHECK(mistake_in(context, statement) == line.substr(2));
    ++count;
  }
  CHECK(count >= 90);
}

TEST_CASE("a mistake in a statement of several lines has its line") {
  CHECK(mistake_in("span", "set(name,\n  nam)") == "2:3: the context span has no path \"nam\"; did you mean \"name\"?");
}

TEST_CASE("a group tells the first mistake of each statement, what does not parse included") {
  ottl::GroupText text;
  text.conditions = {"span.kindd == 1"};
  text.statements = {"set(span.nam, 1)", "set(span.name \"x\")", "set(span.name, \"x\")", "sett(span.name, 1)"};
  ottl::Unit unit;
  std::vector<ottl::GroupMistake> mistakes;
  CHECK_FALSE(compile_group(unit, Signal::kTraces, text, mistakes));
  std::string places;
  for (const auto& mistake : mistakes) places += (mistake.in_conditions ? "c" : "s") + std::to_string(mistake.index);
  CHECK(places == "s1c0s0s3");
}

TEST_CASE("nesting and chains have an end") {
  const std::string deep = "set(name, " + std::string(200, '(') + "1" + std::string(200, ')') + ")";
  CHECK(mistake_in("span", deep).find("nested more than 100 deep") != std::string::npos);
  std::string chain = "set(name, 1";
  for (int i = 0; i < 2000; ++i) chain += "+1";
  CHECK(mistake_in("span", chain + ")").find("more than 1000 operators") != std::string::npos);
}

}  // namespace weir::test
