// SPDX-License-Identifier: Apache-2.0
#include "config/command_line.h"

#include "support/catch.h"

namespace weir::config {
namespace {

using Command = CommandLine::Command;
using Strings = std::vector<std::string>;

TEST_CASE("flags may stand with = or a space, before or after the command") {
  CommandLine got = parse_command_line({"--config=a", "validate", "--config", "b", "--set=x.y=1=2", "--set", "z=3"});
  CHECK(got.error.empty());
  CHECK(got.command == Command::kValidate);
  CHECK(got.configs == Strings{"a", "b"});
  CHECK(got.sets == Strings{"x.y=1=2", "z=3"});
  CHECK(parse_command_line({}).command == Command::kRun);
  CHECK(parse_command_line({"components"}).command == Command::kComponents);
  CHECK(parse_command_line({"--version"}).command == Command::kVersion);
  CHECK(parse_command_line({"-v"}).command == Command::kVersion);
  CHECK(parse_command_line({"version"}).command == Command::kVersion);
  CHECK(parse_command_line({"validate", "--help"}).command == Command::kHelp);
  CHECK(parse_command_line({"-h"}).command == Command::kHelp);
}

TEST_CASE("the flag --strict belongs to validate") {
  CHECK(parse_command_line({"validate", "--strict", "--config=c"}).strict);
  CHECK(parse_command_line({"--strict", "validate"}).error.empty());
  CHECK_FALSE(parse_command_line({"validate"}).strict);
  CHECK(parse_command_line({"--config=c", "--strict"}).error == "--strict goes with `weir validate`");
  CHECK(parse_command_line({"validate", "--strict=x"}).error.starts_with("unknown flag: --strict"));
}

TEST_CASE("any feature gate is taken, one of them has a meaning") {
  CommandLine got = parse_command_line({"--feature-gates=a.b,-component.UseLocalHostAsDefaultHost,+c"});
  CHECK(got.error.empty());
  CHECK(got.listen_everywhere);
  CHECK(got.warnings ==
        Strings{"feature gate \"a.b\" does nothing in weir", "feature gate \"+c\" does nothing in weir"});
  CHECK_FALSE(parse_command_line({"--feature-gates", "component.UseLocalHostAsDefaultHost"}).listen_everywhere);
}

TEST_CASE("the journal's flag and command") {
  CHECK(parse_command_line({"--journal", "/d", "--config=c"}).journal == "/d");
  CHECK(parse_command_line({"--journal="}).error == "--journal needs a directory");
  CommandLine got = parse_command_line({"journal", "export", "/var/j", "--refused"});
  CHECK(got.error.empty());
  CHECK(got.command == Command::kJournal);
  CHECK(got.journal_command.action == "export");
  CHECK(got.journal_command.directory == "/var/j");
  CHECK(got.journal_command.refused);
  CHECK(parse_command_line({"journal", "inspct", "x"}).error.find("did you mean \"inspect\"?") != std::string::npos);
  CHECK(parse_command_line({"journal", "verify"}).error.find("usage: weir journal") == 0);
  CHECK(parse_command_line({"journal", "verify", "a", "b"}).error.find("unexpected argument \"b\"") == 0);
  CHECK(parse_command_line({"journal", "verify", "a", "--refused"}).error.find("--refused goes with") == 0);
  CHECK(parse_command_line({"--refused"}).error.find("--refused goes with") == 0);
}

TEST_CASE("what is unknown is refused, with what was meant") {
  CHECK(parse_command_line({"--confg", "x"}).error == "unknown flag: --confg; did you mean \"--config\"?");
  CHECK(parse_command_line({"--zzz=1"}).error == "unknown flag: --zzz");
  CHECK(parse_command_line({"-x"}).error == "unknown shorthand flag: 'x' in -x");
  CHECK(parse_command_line({"--config"}).error == "flag needs an argument: --config");
  CHECK(parse_command_line({"frobnicate"}).error ==
        "unknown command \"frobnicate\" for \"weir\"\nRun 'weir --help' for usage.");
  CHECK(parse_command_line({"validat"}).error.find("did you mean \"validate\"?") != std::string::npos);
  CHECK(parse_command_line({"validate", "my.yaml"}).error ==
        "unexpected argument \"my.yaml\"; did you mean \"--config my.yaml\"?\nRun 'weir --help' for usage.");
  CHECK(parse_command_line({"/etc/weir/my.yaml"}).error.find("did you mean \"--config /etc/weir/my.yaml\"?") !=
        std::string::npos);
  CHECK(parse_command_line({"components", "x"}).error.find("--config") == std::string::npos);
  CHECK(help_text().find("--config URI") != std::string::npos);
}

}  // namespace
}  // namespace weir::config
