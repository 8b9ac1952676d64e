// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <filesystem>

#include "scenario.h"
#include "support/catch.h"
#include "world.h"

namespace weir::test {
namespace {

std::vector<std::string> scenario_files() {
  std::vector<std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(WEIR_PIPELINE_TESTS)) {
    if (entry.path().extension() == ".test") files.push_back(entry.path().string());
  }
  std::sort(files.begin(), files.end());
  return files;
}

std::string joined(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += line + "\n";
  return text;
}

void check(const World& world, const std::string& name, const Scenario::Expectation& expectation) {
  const std::vector<std::string> got = world.lines_of(name);
  INFO("expectation " << name << ", got:\n" << joined(got));
  if (!expectation.contains) {
    CHECK(joined(got) == joined(expectation.lines));
    return;
  }
  for (const std::string& line : expectation.lines) {
    INFO("missing: " << line);
    CHECK(std::find(got.begin(), got.end(), line) != got.end());
  }
}

}  // namespace

TEST_CASE("every scenario comes out as written, at one shard and at three, from any seed") {
  const std::vector<std::string> files = scenario_files();
  REQUIRE(files.size() >= 5);
  for (const std::string& file : files) {
    const Scenario scenario = read_scenario(file);
    for (const auto& [shards, seed] : {std::pair{1u, 1u}, {3u, 1u}, {3u, 2u}, {3u, 3u}}) {
      INFO(file << ": " << scenario.title << " (" << shards << " shards, seed " << seed << ")");
      World world(scenario.config, shards, seed);
      REQUIRE_NOTHROW(world.run(scenario));
      for (const auto& [name, expectation] : scenario.expected) check(world, name, expectation);
    }
  }
}

}  // namespace weir::test
