// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "config/fields.h"

namespace weir {

// The collector's `file_storage` extension (reference/collector-semantics.md §9.4): the place of the journal on disk.
// It does nothing by itself; `service.journal` or `sending_queue.storage` name it.
struct FileStorageConfig {
  std::string directory = "/var/lib/otelcol/file_storage";
  bool create_directory = false;
  uint32_t permissions = 0750;  // `directory_permissions`, of a directory that is created
  bool fsync = false;
  bool fsync_written = false;  // unwritten, weir syncs: that is what a journal is for
  uint64_t max_size = 0;       // bytes; weir's own key; 0 = 80 % of what is free at the start

  static const config::Fields<FileStorageConfig>& fields();
  void validate(const config::Value& at, const std::string& path, config::Problems& problems) const;
};

}  // namespace weir
