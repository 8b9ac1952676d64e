// SPDX-License-Identifier: Apache-2.0
#include <fstream>
#include <string>

#include "span_fixture.h"

namespace weir::test {

// tests/data/ottl/statements.txt: what contrib's pkg/ottl 0.158 made of each statement on the sample span; see the
// README there. "weir:" is what weir does instead, on purpose.
TEST_CASE("statements do what the collector's do") {
  std::ifstream file(WEIR_TEST_DATA "/ottl/statements.txt");
  REQUIRE(file);
  std::string line, statement;
  int count = 0;
  while (std::getline(file, line)) {
    if (line.empty() || line[0] == '#') continue;
    if (!line.starts_with("  ")) {
      statement = line;
      continue;
    }
    const bool recorded = line.starts_with("  => ");
    REQUIRE((recorded || line.starts_with("  weir: ")));
    const std::string expected = line.substr(recorded ? 5 : 8);
    if (recorded && file.peek() == ' ') continue;  // the next line says what weir does
    INFO(statement);
    CHECK(outcome_of(statement) == expected);
    ++count;
  }
  CHECK(count >= 470);
}

}  // namespace weir::test
