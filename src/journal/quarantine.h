// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "weir/batch.h"
#include "weir/clock.h"
#include "weir/disk.h"

namespace weir::journal {

// What is set aside for the operator to look at; never read by the daemon.

// Items that a destination refused for good.
struct RefusedItems {
  Signal signal = Signal::kTraces;
  Duration at{0};  // wall time
  std::string destination;
  std::string message;
  std::string request;  // an ExportXServiceRequest
};

// Files refused/00000001 and so on, of 4 MiB each and 64 MiB in all: the oldest is deleted. Not synced. One thread.
class RefusedStore {
 public:
  static constexpr uint64_t kFileBytes = 4 << 20;
  static constexpr uint64_t kTotalBytes = 64 << 20;

  explicit RefusedStore(Disk& disk) : disk_(disk) {}
  // 0, or the errno. Items of more than kTotalBytes are not kept.
  int add(const RefusedItems& items);

 private:
  struct File {
    uint64_t number = 0;
    uint64_t bytes = 0;
  };
  int list();
  int begin_file();
  int make_room(uint64_t more);

  Disk& disk_;
  bool listed_ = false;
  std::deque<File> files_;  // oldest first
  uint64_t total_ = 0;
  std::unique_ptr<DiskFile> file_;  // the newest, where this process began it
};

// Calls `visit` for all of it, oldest first. False where some bytes were no such record (left out).
bool read_refused(Disk& disk, const std::function<void(const RefusedItems&)>& visit);

// A record's payload (decode_request reads it) as quarantine/<record>. 0, or the errno.
int put_into_quarantine(Disk& disk, uint64_t record, std::string_view payload);
// Numbers and payloads of what is in quarantine, by number.
void read_quarantine(Disk& disk, const std::function<void(uint64_t record, std::string_view payload)>& visit);

}  // namespace weir::journal
