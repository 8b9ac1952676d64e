// SPDX-License-Identifier: Apache-2.0
#include "config/component_id.h"

#include "support/catch.h"

namespace weir::config {
namespace {

std::string read(const std::string& text) {
  std::string error;
  auto id = parse_component_id(text, error);
  return id ? id->to_string() : error;
}

TEST_CASE("ids are a type and perhaps a name") {
  CHECK(read("otlp") == "otlp");
  CHECK(read("otlp/2") == "otlp/2");
  CHECK(read(" otlp / a.b-c:d ") == "otlp/a.b-c:d");
  CHECK(read("a/b/c") == "a/b/c");
  CHECK(read("otlp/\u00e4") == "otlp/\u00e4");
  CHECK(read(std::string(63, 'a')) == std::string(63, 'a'));
}

TEST_CASE("what is no id is refused in the collector's words") {
  CHECK(read("") == "id must not be empty");
  CHECK(read("  ") == "id must not be empty");
  CHECK(read("x/") == "in \"x/\" id: the part after / should not be empty");
  CHECK(read("/x") == "in \"/x\" id: the part before / should not be empty");
  CHECK(read("9x") == "in \"9x\" id: invalid character(s) in type \"9x\"");
  CHECK(read("a-b") == "in \"a-b\" id: invalid character(s) in type \"a-b\"");
  CHECK(read("x/a b") == "in \"x/a b\" id: invalid character(s) in name \"a b\"");
  CHECK(read("x/a+b") == "in \"x/a+b\" id: invalid character(s) in name \"a+b\"");
  CHECK(read("x/a\u00a0b").find("invalid character(s) in name") != std::string::npos);
  CHECK(read(std::string(64, 'a')).find("invalid character(s) in type") != std::string::npos);
  CHECK(read("x/" + std::string(1025, 'a')).find("longer than 1024 characters") != std::string::npos);
}

}  // namespace
}  // namespace weir::config
