// SPDX-License-Identifier: Apache-2.0
// tests/data/config/broken: each NAME.yaml must be refused with exactly the lines of NAME.txt. The first lines of a
// file may say "# env NAME=VALUE" and "# set a.b=c". With WEIR_UPDATE_EXPECTED set, the texts are written anew: read
// them before you commit.
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "fake_catalog.h"
#include "support/catch.h"

namespace weir::config {
namespace {

namespace fs = std::filesystem;

std::string read(const fs::path& path) {
  std::ifstream in(path);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

std::vector<fs::path> cases() {
  std::vector<fs::path> out;
  for (const auto& entry : fs::directory_iterator(WEIR_TEST_DATA "/config/broken")) {
    if (entry.path().extension() == ".yaml") out.push_back(entry.path());
  }
  std::sort(out.begin(), out.end());
  return out;
}

std::string refused_with(const fs::path& path) {
  fake::World world;
  std::string name = path.filename().string();
  std::vector<std::string> sets;
  std::string text = read(path), line;
  std::istringstream lines(text);
  while (std::getline(lines, line) && line.starts_with("# ")) {
    if (line.starts_with("# env ")) world.env[line.substr(6, line.find('=') - 6)] = line.substr(line.find('=') + 1);
    if (line.starts_with("# set ")) sets.push_back(line.substr(6));
  }
  world.files[name] = text;
  Problems problems;
  load({name}, sets, world.sources(), fake::catalog(), problems);
  return problems.any_error() ? render(problems) : "accepted\n";
}

TEST_CASE("thirty broken configurations are refused in exactly these words") {
  std::vector<fs::path> all = cases();
  CHECK(all.size() >= 30);
  for (const fs::path& path : all) {
    fs::path expected = fs::path(path).replace_extension(".txt");
    std::string got = refused_with(path);
    if (std::getenv("WEIR_UPDATE_EXPECTED") != nullptr) std::ofstream(expected) << got;
    INFO(path.filename().string());
    CHECK(got == read(expected));
    CHECK(got != "accepted\n");
  }
}

}  // namespace
}  // namespace weir::config
