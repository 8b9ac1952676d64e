// SPDX-License-Identifier: Apache-2.0
#include <malloc.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "config/command_line.h"
#include "config/endpoint.h"
#include "config/load.h"
#include "daemon/components.h"
#include "daemon/daemon.h"
#include "daemon/journal_command.h"
#include "daemon/journal_config.h"
#include "daemon/print.h"
#include "journal/posix_disk.h"
#include "net/descriptors.h"

namespace weir {
namespace {

JournalFlag journal_flag(const config::CommandLine& command) {
  if (!command.journal.empty()) return {command.journal, "--journal"};
  const char* directory = std::getenv("WEIR_JOURNAL");
  return {directory == nullptr ? "" : directory, "WEIR_JOURNAL"};
}

int run(const config::CommandLine& command) {
  const ComponentList list = standard_components();
  config::Problems problems;
  config::ServiceConfig service =
      config::load(command.configs, command.sets, config::process_sources(), list.catalog, problems);
  std::optional<JournalChoice> journal;
  if (!problems.any_error()) journal = choose_journal(service, journal_flag(command), problems);
  print_problems(problems);
  if (problems.any_error()) return 1;
  const bool any_warning = !problems.all().empty() || !command.warnings.empty();
  if (command.command == config::CommandLine::Command::kValidate) return command.strict && any_warning ? 1 : 0;
  net::raise_descriptor_limit();
  return Daemon(std::move(service), list, std::move(journal)).run();
}

int run_journal(const config::JournalCommand& command) {
  const auto to = [](std::FILE* file) {
    return [file](std::string_view text) { std::fwrite(text.data(), 1, text.size(), file); };
  };
  journal::PosixDisk disk(command.directory);
  return run_journal_command(command, disk, SystemClock().now().wall, {to(stdout), to(stderr)});
}

// Request bodies come and go by the hundred kilobytes: let malloc reuse them instead of asking the kernel for fresh
// pages each time.
void tune_malloc() {
  mallopt(M_MMAP_THRESHOLD, 32 << 20);
  mallopt(M_TRIM_THRESHOLD, 64 << 20);
}

void set_default_host(const config::CommandLine& command) {
  if (const char* host = std::getenv("WEIR_DEFAULT_HOST"); host != nullptr && *host != '\0')
    config::set_default_host(host);
  if (command.listen_everywhere) config::set_default_host("0.0.0.0");
}

int main_of(const std::vector<std::string>& arguments) {
  const config::CommandLine command = config::parse_command_line(arguments);
  if (!command.error.empty()) {
    std::fprintf(stderr, "Error: %s\n", command.error.c_str());
    return 1;
  }
  for (const std::string& warning : command.warnings) std::fprintf(stderr, "warning: %s\n", warning.c_str());
  set_default_host(command);
  switch (command.command) {
    case config::CommandLine::Command::kVersion:
      std::puts("weir version " WEIR_VERSION);
      return 0;
    case config::CommandLine::Command::kHelp:
      std::fputs(config::help_text().c_str(), stdout);
      return 0;
    case config::CommandLine::Command::kComponents:
      std::fputs(components_text(standard_components()).c_str(), stdout);
      return 0;
    case config::CommandLine::Command::kJournal:
      return run_journal(command.journal_command);
    default:
      return run(command);
  }
}

}  // namespace
}  // namespace weir

int main(int argc, char** argv) {
  weir::tune_malloc();
  return weir::main_of({argv + 1, argv + argc});
}
