// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "config/fields.h"
#include "weir/clock.h"

namespace weir {

// `rotation`: a full file is renamed to name-<time>.ext and a new one begun.
struct FileRotationConfig {
  int64_t max_megabytes = 100;
  int64_t max_days = 0;       // backups older than that are deleted; 0 = never
  int64_t max_backups = 100;  // newest backups kept; 0 = all
  bool localtime = false;     // the time in the name of a backup; else UTC
  static const config::Fields<FileRotationConfig>& fields();
};

// `file` (collector-semantics §9.6).
struct FileConfig {
  enum class Format : uint8_t { kJson, kProto };

  std::string path;
  Format format = Format::kJson;
  std::string compression;  // "" or zstd
  std::optional<FileRotationConfig> rotation;
  bool append = false;
  bool create_directory = false;
  std::string directory_permissions = "0755";
  Duration flush_interval = std::chrono::seconds(1);

  static const config::Fields<FileConfig>& fields();
  void validate(const config::Value& at, const std::string& path, config::Problems& problems) const;
};

}  // namespace weir
