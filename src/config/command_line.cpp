// SPDX-License-Identifier: Apache-2.0
#include "config/command_line.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "config/fields.h"

namespace weir::config {
namespace {

using Command = CommandLine::Command;

constexpr std::array<std::pair<std::string_view, Command>, 5> kCommands{{{"validate", Command::kValidate},
                                                                         {"components", Command::kComponents},
                                                                         {"version", Command::kVersion},
                                                                         {"journal", Command::kJournal},
                                                                         {"help", Command::kHelp}}};

std::string suggestion(const std::string& word, const std::vector<std::string>& known, const std::string& prefix) {
  std::string near = nearest(word, known);
  return near.empty() ? "" : "; did you mean \"" + prefix + near + "\"?";
}

void take_gate(std::string_view gate, CommandLine& out) {
  if (gate.empty()) return;
  if (gate == "-component.UseLocalHostAsDefaultHost") {
    out.listen_everywhere = true;
  } else if (gate == "component.UseLocalHostAsDefaultHost" || gate == "+component.UseLocalHostAsDefaultHost") {
    out.listen_everywhere = false;
  } else {
    out.warnings.push_back("feature gate \"" + std::string(gate) + "\" does nothing in weir");
  }
}

void take_gates(std::string_view list, CommandLine& out) {
  std::vector<std::string> gates;
  split_list(list, gates);
  for (const std::string& gate : gates) take_gate(gate, out);
}

bool take_value(const std::string& flag, const std::string& value, CommandLine& out) {
  if (flag == "config") {
    out.configs.push_back(value);
  } else if (flag == "set") {
    out.sets.push_back(value);
  } else if (flag == "feature-gates") {
    take_gates(value, out);
  } else if (flag == "journal") {
    if (value.empty()) out.error = "--journal needs a directory";
    out.journal = value;
  } else {
    return false;
  }
  return true;
}

// "--flag", "--flag=value" or "--flag value"; takes what it uses off `rest`.
void take_flag(std::vector<std::string>& rest, CommandLine& out) {
  std::string argument = rest.front();
  rest.erase(rest.begin());
  if (argument == "--help" || argument == "-h") return void(out.command = Command::kHelp);
  if (argument == "--version" || argument == "-v") return void(out.command = Command::kVersion);
  if (!argument.starts_with("--")) {
    out.error = "unknown shorthand flag: '" + argument.substr(1, 1) + "' in " + argument;
    return;
  }
  size_t equal = argument.find('=');
  std::string flag = argument.substr(2, equal == std::string::npos ? std::string::npos : equal - 2);
  static const std::vector<std::string> known{"config",  "set",    "feature-gates", "journal",
                                              "refused", "strict", "help",          "version"};
  if (flag == "refused" && equal == std::string::npos) return void(out.journal_command.refused = true);
  if (flag == "strict" && equal == std::string::npos) return void(out.strict = true);
  bool takes_value = flag == "config" || flag == "set" || flag == "feature-gates" || flag == "journal";
  if (!takes_value) {
    out.error = "unknown flag: --" + flag + suggestion(flag, known, "--");
  } else if (equal != std::string::npos) {
    take_value(flag, argument.substr(equal + 1), out);
  } else if (rest.empty()) {
    out.error = "flag needs an argument: --" + flag;
  } else {
    take_value(flag, rest.front(), out);
    rest.erase(rest.begin());
  }
}

// A word that can only be a file's name, or stands where no other word may.
std::string config_hint(const std::string& word) { return "; did you mean \"--config " + word + "\"?"; }

bool looks_like_file(const std::string& word) { return word.find_first_of("./") != std::string::npos; }

// What follows the word `journal`.
void take_operand(const std::string& word, CommandLine& out) {
  static const std::vector<std::string> actions{"inspect", "verify", "export"};
  JournalCommand& journal = out.journal_command;
  if (out.command == Command::kJournal && journal.action.empty()) {
    journal.action = word;
    if (std::find(actions.begin(), actions.end(), word) != actions.end()) return;
    out.error = "unknown command \"" + word + "\" for \"weir journal\"" + suggestion(word, actions, "") +
                "\nRun 'weir --help' for usage.";
  } else if (out.command == Command::kJournal && journal.directory.empty()) {
    journal.directory = word;
  } else {
    const bool reads_config = out.command == Command::kValidate;
    out.error = "unexpected argument \"" + word + "\"" + (reads_config ? config_hint(word) : "") +
                "\nRun 'weir --help' for usage.";
  }
}

void check_journal_command(CommandLine& out) {
  const JournalCommand& journal = out.journal_command;
  if (!out.error.empty() || out.command == Command::kHelp) return;
  if (out.command == Command::kJournal && journal.directory.empty()) {
    out.error = "usage: weir journal inspect|verify|export DIR [--refused]";
  } else if (journal.refused && journal.action != "export") {
    out.error = "--refused goes with `weir journal export`";
  }
}

void take_command(const std::string& word, CommandLine& out) {
  std::vector<std::string> known;
  for (const auto& [name, command] : kCommands) {
    if (name == word) return void(out.command = command);
    known.emplace_back(name);
  }
  out.error = "unknown command \"" + word + "\" for \"weir\"" +
              (looks_like_file(word) ? config_hint(word) : suggestion(word, known, "")) +
              "\nRun 'weir --help' for usage.";
}

}  // namespace

CommandLine parse_command_line(const std::vector<std::string>& arguments) {
  CommandLine out;
  std::vector<std::string> rest = arguments;
  bool has_command = false;
  while (!rest.empty() && out.error.empty()) {
    if (rest.front().starts_with("-") && rest.front() != "-") {
      take_flag(rest, out);
    } else if (has_command) {
      take_operand(rest.front(), out);
      rest.erase(rest.begin());
    } else {
      take_command(rest.front(), out);
      rest.erase(rest.begin());
      has_command = true;
    }
  }
  check_journal_command(out);
  const bool validates = out.command == Command::kValidate || out.command == Command::kHelp;
  if (out.error.empty() && out.strict && !validates) out.error = "--strict goes with `weir validate`";
  return out;
}

std::string help_text() {
  return R"(weir receives OTLP traces, samples them by whole trace, measures them into metrics and passes the kept ones on.

Usage:
  weir [command] [flags]

Commands:
  validate     Check the configuration and exit: 0 where it is good, 1 and every mistake with its place otherwise
  components   List the components that this weir has
  version      Print the version
  journal inspect DIR            What a journal holds: segments, live bytes, what is open at each destination
  journal verify DIR             Read all of it and list what is damaged; exit 1 where something is
  journal export DIR [--refused] The requests it still holds (or what destinations refused), as lines of OTLP JSON

Flags:
  --config URI          Where the configuration is: a path, file:PATH, yaml:KEY::KEY: VALUE, env:NAME. Of several
                        later ones win; maps merge, lists are replaced
  --set KEY.KEY=VALUE   Set one value over all --config
  --journal DIR         Keep every acknowledged request in DIR until all destinations have it; wins over the
                        configuration's journal
  --strict              With validate: exit 1 where there is a warning, too
  --feature-gates LIST  Taken for collector command lines; -component.UseLocalHostAsDefaultHost makes
                        0.0.0.0 the default host, all others do nothing
  -h, --help            Print this text
  -v, --version         Print the version

Environment:
  WEIR_DEFAULT_HOST     The host where an endpoint names none (127.0.0.1)
  WEIR_JOURNAL          As --journal, which wins
)";
}

}  // namespace weir::config
