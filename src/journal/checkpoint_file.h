// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "weir/disk.h"

namespace weir::journal {

inline constexpr const char* kCheckpoint = "checkpoint";
inline constexpr const char* kOldCheckpoint = "checkpoint.old";
inline constexpr const char* kNewCheckpoint = "checkpoint.tmp";
inline constexpr const char* kBrokenCheckpoint = "checkpoint.broken";

// A checkpoint as it lies on disk (docs/journal-format.md).
struct CheckpointData {
  uint64_t generation = 0;  // one higher with each
  uint64_t items = 0;       // of all requests ever appended before it
  uint64_t segment = 0;     // all that lies in the log before this place is in it
  uint64_t offset = 0;
  std::string books;  // Books::save
};

// Writes it under another name, syncs, keeps the one before as kOldCheckpoint, renames, syncs the directory. 0, or the
// errno: then one of the two that were there before is there still.
int write_checkpoint(Disk& disk, const CheckpointData& data);

struct CheckpointFound {
  bool there = false;   // a file, sound or not
  bool sound = false;   // `data` is good
  std::string refused;  // written by a newer format, or unreadable: do not start
  CheckpointData data;
};
CheckpointFound read_checkpoint(Disk& disk, const std::string& name);

// The whole of a small file.
int read_file(Disk& disk, const std::string& name, std::string& content);
int write_file(Disk& disk, const std::string& name, std::string_view content);  // and syncs it

}  // namespace weir::journal
