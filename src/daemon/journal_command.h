// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string_view>

#include "config/command_line.h"
#include "weir/clock.h"
#include "weir/disk.h"

namespace weir {

// Where the command's lines go; texts come with their line ends.
struct JournalOutput {
  std::function<void(std::string_view text)> out;
  std::function<void(std::string_view text)> error;
};

// `weir journal inspect|verify|export`: shows what the directory behind `disk` holds. Only reads, also while another
// process writes there. 0; 1 where there is no journal that can be read, or (verify) something in it is damaged.
int run_journal_command(const config::JournalCommand& command, Disk& disk, Duration wall_now,
                        const JournalOutput& output);

}  // namespace weir
