// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace weir::config {

// `weir journal ACTION DIR [--refused]`.
struct JournalCommand {
  std::string action;  // "inspect", "verify" or "export"
  std::string directory;
  bool refused = false;
};

// What the operator asked for: `weir [validate | components | version | journal …] [flags]`.
struct CommandLine {
  enum class Command { kRun, kValidate, kComponents, kVersion, kHelp, kJournal };
  Command command = Command::kRun;
  JournalCommand journal_command;
  std::vector<std::string> configs;  // --config, in order
  std::vector<std::string> sets;     // --set, in order
  std::string journal;               // --journal; "" = not given
  bool strict = false;               // validate --strict: a warning is a mistake
  bool listen_everywhere = false;  // --feature-gates=-component.UseLocalHostAsDefaultHost: the default host is 0.0.0.0
  std::vector<std::string> warnings;  // gates that weir does not have
  std::string error;  // what is wrong, in the words of the collector's command line; empty = all is well
};

// `arguments` without the program's name.
CommandLine parse_command_line(const std::vector<std::string>& arguments);

// The text of --help.
std::string help_text();

}  // namespace weir::config
