// SPDX-License-Identifier: Apache-2.0
#include "telemetry/stderr_log.h"

#include <string>
#include <vector>

#include "support/catch.h"

namespace weir {
namespace {

struct ManualClock final : Clock {
  Time time{Duration(0), std::chrono::milliseconds(1'700'000'000'123)};
  Time now() const override { return time; }
  void advance(Duration by) {
    time.mono += by;
    time.wall += by;
  }
};

struct Lines {
  std::vector<std::string> all;
  StderrLog::Sink sink() {
    return [this](std::string_view line) { all.emplace_back(line); };
  }
};

TEST_CASE("console lines have the collector's shape") {
  ManualClock clock;
  Lines lines;
  StderrLog log({}, clock, lines.sink());
  log.info("otlp", "Starting server", {{"endpoint", "127.0.0.1:4317"}});
  REQUIRE(lines.all.size() == 1);
  CHECK(
      lines.all[0] ==
      "2023-11-14T22:13:20.123Z\tinfo\tStarting server\t{\"component\": \"otlp\", \"endpoint\": \"127.0.0.1:4317\"}\n");
}

TEST_CASE("json lines are one object") {
  ManualClock clock;
  Lines lines;
  LogOptions options;
  options.encoding = LogOptions::Encoding::kJson;
  options.initial_fields = {{"site", "a"}};
  StderrLog log(options, clock, lines.sink());
  log.warn("batch", "It \"broke\"", {{"error", "line\nbreak"}});
  REQUIRE(lines.all.size() == 1);
  CHECK(lines.all[0] ==
        "{\"level\": \"warn\", \"ts\": \"2023-11-14T22:13:20.123Z\", \"msg\": \"It \\\"broke\\\"\", "
        "\"site\": \"a\", \"component\": \"batch\", \"error\": \"line\\nbreak\"}\n");
}

TEST_CASE("an event cannot forge a second line") {
  ManualClock clock;
  Lines lines;
  StderrLog log({}, clock, lines.sink());
  log.error("x", "a\nb\x1b[31m", {{"k\n", "v\tw"}});
  REQUIRE(lines.all.size() == 1);
  CHECK(lines.all[0].find('\n') == lines.all[0].size() - 1);
  CHECK(lines.all[0].find('\x1b') == std::string::npos);
}

TEST_CASE("lines below the level are not written") {
  ManualClock clock;
  Lines lines;
  LogOptions options;
  options.level = LogLevel::kWarn;
  StderrLog log(options, clock, lines.sink());
  log.info("x", "no");
  log.warn("x", "yes");
  CHECK(lines.all.size() == 1);
}

TEST_CASE("each cause is limited by itself and says what was left out") {
  ManualClock clock;
  Lines lines;
  LogOptions options;
  options.burst = 2;
  StderrLog log(options, clock, lines.sink());
  for (int i = 0; i < 5; ++i) log.warn("x", "again");
  log.warn("y", "again");
  CHECK(lines.all.size() == 3);
  clock.advance(std::chrono::seconds(11));
  log.warn("y", "other");  // the next window: what was left out of the old one is told
  REQUIRE(lines.all.size() == 5);
  CHECK(lines.all[3].find("again\t{\"component\": \"x\", \"suppressed\": \"3\"}") != std::string::npos);
  log.warn("x", "again");
  CHECK(lines.all.size() == 6);
}

TEST_CASE("what was left out is told at the end") {
  ManualClock clock;
  Lines lines;
  {
    LogOptions options;
    options.burst = 1;
    StderrLog log(options, clock, lines.sink());
    log.info("x", "m");
    log.info("x", "m");
  }
  REQUIRE(lines.all.size() == 2);
  CHECK(lines.all[1].find("\"suppressed\": \"1\"") != std::string::npos);
}

TEST_CASE("log levels as the collector writes them") {
  LogLevel level = LogLevel::kInfo;
  CHECK(parse_log_level("DEBUG", level));
  CHECK(level == LogLevel::kDebug);
  CHECK(parse_log_level("Warn", level));
  CHECK(level == LogLevel::kWarn);
  CHECK_FALSE(parse_log_level("loud", level));
}

}  // namespace
}  // namespace weir
