// SPDX-License-Identifier: Apache-2.0
#include "journal/spares.h"

#include <algorithm>
#include <cerrno>
#include <memory>

#include "journal/segment_format.h"

namespace weir::journal {

bool Spares::add_found(uint64_t number) {
  const std::lock_guard lock(mutex_);
  next_ = std::max(next_, number + 1);
  if (has(wanted_)) return false;
  ready_.push_back(number);
  return true;
}

int Spares::take(const std::string& name) {
  std::string spare;
  {
    const std::lock_guard lock(mutex_);
    if (ready_.empty()) return ENOENT;
    spare = spare_name(ready_.back());
    ready_.pop_back();
  }
  // One that cannot be renamed is not asked again before the next start.
  return disk_.rename(spare, name);
}

bool Spares::keep(const std::string& name) {
  const std::lock_guard lock(mutex_);
  if (full() || disk_.rename(name, spare_name(next_)) != 0) return false;
  ready_.push_back(next_++);
  return true;
}

bool Spares::prepare() {
  uint64_t number = 0;
  {
    const std::lock_guard lock(mutex_);
    if (has(wanted_)) return false;
    preparing_ = true;
    number = next_++;
  }
  const int error = fill(spare_name(number));
  if (error != 0) disk_.remove(spare_name(number));
  const std::lock_guard lock(mutex_);
  preparing_ = false;
  if (error == 0) ready_.push_back(number);
  return error == 0;
}

int Spares::fill(const std::string& name) {
  std::unique_ptr<DiskFile> file;
  if (const int error = disk_.open(name, Disk::Mode::kCreate, file); error != 0) return error;
  const std::string zeros(std::min<uint64_t>(file_bytes_, 1 << 20), '\0');
  for (uint64_t at = 0; at < file_bytes_; at += zeros.size()) {
    const std::string_view piece = std::string_view(zeros).substr(0, file_bytes_ - at);
    if (const int error = file->write(at, {&piece, 1}); error != 0) return error;
  }
  if (const int error = file->sync(); error != 0) return error;
  return disk_.sync_directory("");
}

uint64_t Spares::bytes() const {
  const std::lock_guard lock(mutex_);
  return (ready_.size() + (preparing_ ? 1 : 0)) * file_bytes_;
}

}  // namespace weir::journal
