// SPDX-License-Identifier: Apache-2.0
#include "ottl/pattern.h"

#include <random>
#include <string>

#include "support/catch.h"

namespace weir::ottl {

namespace {

std::shared_ptr<const Pattern> pattern(const std::string& text) {
  std::string error;
  auto result = Pattern::compile(text, error);
  INFO(text << ": " << error);
  REQUIRE(result);
  return result;
}

}  // namespace

TEST_CASE("a text with .* around it is found as a text") {
  std::mt19937 random(3);
  const auto word = [&random](size_t most) {
    std::string text;
    for (size_t i = random() % (most + 1); i > 0; --i) text += static_cast<char>('a' + random() % 2);
    return text;
  };
  for (int round = 0; round < 5000; ++round) {
    const std::string needle = word(5), text = word(12);
    INFO(needle << " in " << text);
    CHECK(pattern(".*" + needle + ".*")->matches(text) == (text.find(needle) != std::string::npos));
    CHECK(pattern("^" + needle)->matches(text) == text.starts_with(needle));
    CHECK(pattern(needle + "$")->matches(text) == text.ends_with(needle));
    CHECK(pattern("^" + needle + "$")->matches(text) == (text == needle));
    // The same by the library: a group around it is an operator.
    CHECK(pattern("(" + needle + ")")->matches(text) == pattern(needle)->matches(text));
  }
  CHECK(pattern(std::string(300, 'a'))->matches("b" + std::string(300, 'a')));
  CHECK_FALSE(pattern(std::string(300, 'a'))->matches(std::string(299, 'a') + "b"));
}

TEST_CASE("escapes and operators") {
  CHECK(pattern("/list\\?a=.*")->matches("/list?a=1"));
  CHECK_FALSE(pattern("/list\\?a=.*")->matches("/lis?a=1"));
  CHECK(pattern("a\\.b")->matches("xa.b"));
  CHECK_FALSE(pattern("a\\.b")->matches("xaxb"));
  CHECK(pattern("a.b")->matches("xaxb"));
  CHECK(pattern("a|b")->matches("b"));
  CHECK(pattern("\\d+$")->matches("a1"));
  CHECK(pattern("a\\$")->matches("a$b"));
  CHECK(pattern("")->matches(""));
  std::string error;
  CHECK_FALSE(Pattern::compile("(", error));
  CHECK(error == "missing ): (");
}

TEST_CASE("replacements") {
  CHECK(pattern("(?P<a>\\w)(\\d)")->replace_all("x1-y2", "$2${a}$$") == "1x$-2y$");
  CHECK(pattern("a*")->replace_all("baac", "-") == "-b-c-");
  CHECK(pattern("(\\w+)*")->replace_all(std::string_view(), "x") == "x");
  CHECK(pattern("ö")->replace_all("öö", "o") == "oo");
  CHECK(pattern("(a)|(b)")->replace_all("ab", "[$1$2]") == "[a][b]");
}

TEST_CASE("globs") {
  std::string error;
  const auto matches = [&error](const std::string& glob, const std::string& text) {
    return Glob::compile(glob, error)->matches(text);
  };
  CHECK(matches("plain", "plain"));
  CHECK_FALSE(matches("plain", "plainer"));
  CHECK(matches("a*c", "abbc"));
  CHECK_FALSE(matches("a*c", "abbcd"));
  CHECK(matches("a?c", "abc"));
  CHECK(matches("{get,put} *", "put x"));
  CHECK(matches("[a-c][!d]", "ce"));
  CHECK_FALSE(matches("[a-c][!d]", "cd"));
  CHECK(matches("a\\*", "a*"));
  CHECK(matches("a.c", "a.c"));
  CHECK_FALSE(matches("a.*", "abc"));
  CHECK_FALSE(Glob::compile("[a", error));
}

}  // namespace weir::ottl
