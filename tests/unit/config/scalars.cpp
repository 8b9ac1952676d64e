// SPDX-License-Identifier: Apache-2.0
#include "config/fields.h"
#include "config/yaml.h"
#include "support/catch.h"

namespace weir::config {
namespace {

Value parse(const std::string& yaml) {
  Problems problems;
  Value value = parse_yaml(yaml, "t", problems);
  REQUIRE_FALSE(problems.any_error());
  return value;
}

template <class T>
std::string refusal(const std::string& yaml, T out = {}) {
  Value value = parse(yaml);
  Problems problems;
  decode_any(At{value, "p", problems}, out);
  return problems.all().empty() ? "taken" : problems.all()[0].text;
}

template <class T>
T taken(const std::string& yaml) {
  T out{};
  Value value = parse(yaml);
  Problems problems;
  decode_any(At{value, "p", problems}, out);
  INFO(yaml << (problems.all().empty() ? "" : problems.all()[0].text));
  CHECK(problems.all().empty());
  return out;
}

TEST_CASE("durations are Go's") {
  using std::chrono::duration_cast;
  struct {
    const char* text;
    int64_t nanoseconds;
  } good[] = {{"200ms", 200'000'000},
              {"1h30m0.5s", 5'400'500'000'000},
              {"-1.5s", -1'500'000'000},
              {"+2m", 120'000'000'000},
              {"0", 0},
              {"1us", 1'000},
              {"1\u00b5s", 1'000},
              {"1\u03bcs", 1'000},
              {"7ns", 7},
              {".5s", 500'000'000},
              {"1.s", 1'000'000'000},
              {"0.1ms", 100'000},
              {"2562047h47m16.854775807s", INT64_MAX},
              {"0.000000000000000000001h", 0}};
  for (const auto& [text, nanoseconds] : good) {
    INFO(text);
    REQUIRE(parse_duration(text));
    CHECK(parse_duration(text)->count() == nanoseconds);
  }
  for (const char* text : {"", "1", "s", "soon", "1x", "1 s", " 1s", "1s ", "-", ".s", "1d", "3e3s", "--1s", "2562048h",
                           "9223372037s", "99999999999999999999s", "1h-2m"}) {
    INFO(text);
    CHECK_FALSE(parse_duration(text));
  }
}

TEST_CASE("numbers are no strings and strings are no numbers") {
  CHECK(taken<int32_t>("-5") == -5);
  CHECK(taken<uint32_t>("0x10") == 16);
  CHECK(taken<uint32_t>("1_000") == 1000);
  CHECK(taken<int64_t>("1e3") == 1000);
  CHECK(taken<uint64_t>("18446744073709551615") == UINT64_MAX);
  CHECK(taken<double>("3") == 3.0);
  CHECK(taken<double>("1.5e2") == 150.0);
  CHECK(taken<bool>("True"));
  CHECK(taken<std::string>("yes") == "yes");
  CHECK(taken<std::string>("'12'") == "12");
  CHECK(taken<std::string>("2024-01-31") == "2024-01-31");
  CHECK(refusal<uint32_t>("-1") == "expected an integer from 0 to 4294967295, got -1");
  CHECK(refusal<uint32_t>("4294967296") == "expected an integer from 0 to 4294967295, got 4294967296");
  CHECK(refusal<int32_t>("2147483648") == "expected an integer from -2147483648 to 2147483647, got 2147483648");
  CHECK(refusal<int64_t>("1.5") == "expected an integer, got 1.5");
  CHECK(refusal<int64_t>("1e30") == "expected an integer, got 1e30");
  CHECK(refusal<uint64_t>("-1") == "expected an integer from 0 to 18446744073709551615, got -1");
  CHECK(refusal<int32_t>("\"10\"") == "expected an integer, got the string \"10\"; remove the quotes");
  CHECK(refusal<int32_t>("true") == "expected an integer, got true");
  CHECK(refusal<bool>("yes") == "expected true or false, got the string \"yes\"");
  CHECK(refusal<bool>("1") == "expected true or false, got 1");
  CHECK(refusal<double>("'1'") == "expected a number, got the string \"1\"");
  CHECK(refusal<std::string>("12") == "expected a string, got an integer; put it in quotes");
  CHECK(refusal<std::string>("[a]") == "expected a string, got a list");
  CHECK(refusal<Duration>("5") == "missing unit in duration, got 5, expected one like \"200ms\", \"10s\" or \"1h30m\"");
  CHECK(refusal<Duration>("soon") ==
        "invalid duration, got the string \"soon\", expected one like \"200ms\", \"10s\" or \"1h30m\"");
  CHECK(taken<Duration>("0") == Duration{0});
}

TEST_CASE("a string field takes the text of a reference, whatever it looks like") {
  Value value = parse("0123");
  value.expanded = true;
  Problems problems;
  std::string text;
  int32_t number = 0;
  CHECK(decode_scalar(At{value, "p", problems}, text));
  CHECK(decode_scalar(At{value, "p", problems}, number));
  CHECK(text == "0123");
  CHECK(number == 83);  // octal
  CHECK(problems.all().empty());
}

TEST_CASE("lists of strings may be written with commas, other lists may not") {
  using Strings = std::vector<std::string>;
  CHECK(taken<Strings>("[a, b]") == Strings{"a", "b"});
  CHECK(taken<Strings>("a,b") == Strings{"a", "b"});
  CHECK(taken<Strings>("'a,,b,'") == Strings{"a", "", "b", ""});
  CHECK(taken<Strings>("''").empty());
  CHECK(taken<Strings>("~").empty());
  CHECK(taken<std::vector<Duration>>("[1s, 2s]").size() == 2);
  CHECK(refusal<std::vector<Duration>>("1s,2s") == "expected a list, got a string");
  CHECK(refusal<Strings>("{a: b}") == "expected a list, got a map");
  CHECK(refusal<Strings>("[a, 1]") == "expected a string, got an integer; put it in quotes");
}

TEST_CASE("string maps are maps, or lists of name and value") {
  using Map = std::map<std::string, std::string>;
  CHECK(taken<Map>("{a: x, b: }") == Map{{"a", "x"}, {"b", ""}});
  CHECK(taken<Map>("[{name: a, value: x}]") == Map{{"a", "x"}});
  CHECK(refusal<Map>("{a: 1}") == "expected a string, got an integer; put it in quotes");
  CHECK(refusal<Map>("[{name: a}]") == "expected {name: …, value: …}");
  CHECK(refusal<Map>("[{name: a, value: x}, {name: a, value: y}]") == "the name \"a\" is there twice");
  CHECK(refusal<Map>("a") == "expected a map, got a string");
}

struct Part {
  int64_t a = 1;
  static constexpr bool kCanBeOff = true;
  static const Fields<Part>& fields() {
    static const Fields<Part> all{field("a", &Part::a, "")};
    return all;
  }
  void validate(const Value& at, const std::string& path, Problems& problems) const {
    if (a < 0) problems.error(at.place, path, "negative");
  }
};

TEST_CASE("a block that may be left out can be written and off") {
  using Optional = std::optional<Part>;
  CHECK(taken<Optional>("{enabled: true, a: 5}")->a == 5);
  CHECK_FALSE(taken<Optional>("{enabled: false, a: 5}"));
  CHECK_FALSE(taken<Optional>("{a: -1, enabled: false}"));
  CHECK(refusal<Optional>("{a: -1, enabled: true}") == "negative");
  CHECK(refusal<Optional>("{enabled: false, b: 1}").find("has invalid keys: b") == 0);
  CHECK(refusal<Optional>("{enabled: \"no\"}").find("expected true or false") == 0);
}

TEST_CASE("the nearest word is one slip of the hand away") {
  std::vector<std::string> keys{"timeout", "send_batch_size", "send_batch_max_size"};
  CHECK(nearest("timout", keys) == "timeout");
  CHECK(nearest("tiemout", keys) == "timeout");
  CHECK(nearest("send_batch_siz", keys) == "send_batch_size");
  CHECK(nearest("endpoint", keys).empty());
  CHECK(nearest("", keys).empty());
  CHECK(nearest(std::string(10'000, 'x'), keys).empty());
}

struct Inner {
  std::string host = "h";
  int32_t port = 1;
  static const Fields<Inner>& fields() {
    static const Fields<Inner> all{field("host", &Inner::host, ""), field("port", &Inner::port, "")};
    return all;
  }
};

struct Outer {
  std::optional<Inner> inner;
  std::optional<int32_t> count;
  Inner flat;
  std::string own = "default";
  static const Fields<Outer>& fields() {
    static const Fields<Outer> all = [] {
      Fields<Outer> made{field("inner", &Outer::inner, ""), field("count", &Outer::count, ""),
                         field("own", &Outer::own, ""), accepted<Outer>("old", "does nothing"),
                         unsupported<Outer>("later")};
      squash(made, &Outer::flat);
      return made;
    }();
    return all;
  }
};

TEST_CASE("null turns an optional struct on and leaves all else as it is") {
  auto outer = taken<Outer>("{inner: , count: , own: , later: ~}");
  CHECK(outer.inner.has_value());
  CHECK_FALSE(outer.count.has_value());
  CHECK(outer.own == "default");
  CHECK_FALSE(taken<Outer>("{}").inner.has_value());
  CHECK(taken<Outer>("{inner: {port: 3}}").inner->host == "h");
  CHECK(taken<Outer>("{port: 7}").flat.port == 7);
  CHECK(refusal<Outer>("{later: 1}") == "not supported by this version of weir");
  CHECK(refusal<Outer>("{old: 1}") == "does nothing");
  CHECK(refusal<Outer>("[1]") == "expected a map, got a list");
}

TEST_CASE("an empty reference is the empty string, not the default") {
  Value value = parse("{own: }");
  value.map[0].second.expanded = true;
  Problems problems;
  Outer outer;
  decode(At{value, "", problems}, outer);
  CHECK(outer.own.empty());
}

}  // namespace
}  // namespace weir::config
