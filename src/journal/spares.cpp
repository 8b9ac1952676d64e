// SPDX-License-Identifier: Apache-2.0
#include "journal/spares.h"

#include <algorithm>
#include <cerrno>
#include <memory>
#include <utility>

#include "journal/segment_format.h"

namespace weir::journal {

bool Spares::add_found(uint64_t number) {
  const std::lock_guard lock(mutex_);
  next_ = std::max(next_, number + 1);
  if (count() >= wanted_) return false;
  ready_.push_back(number);
  return true;
}

Spares::Taken Spares::take(const std::string& name, uint64_t bytes) {
  std::string spare;
  {
    std::unique_lock lock(mutex_);
    placed_or_not_.wait(lock, [this] { return !placing_; });
    last_taken_ = std::max(last_taken_, name);
    spare = std::exchange(placed_, "");
    if (bytes != file_bytes_) return drop_placed(spare);
    if (spare == name) return Taken::kPlaced;
    if (spare.empty()) {
      if (ready_.size() <= reserve_) return Taken::kNone;
      spare = spare_name(ready_.back());
      ready_.pop_back();
    }
  }
  // One that cannot be renamed is not asked again before the next start.
  return disk_.rename(spare, name) == 0 ? Taken::kRenamed : Taken::kNone;
}

// It has the wrong size: whoever needs its name makes a new file of it, any other name is given back.
Spares::Taken Spares::drop_placed(const std::string& placed) {
  if (!placed.empty()) disk_.remove(placed);
  return Taken::kNone;
}

void Spares::place(const std::string& name) {
  std::string spare;
  {
    const std::lock_guard lock(mutex_);
    if (!placed_.empty() || ready_.size() <= reserve_ || name <= last_taken_) return;
    spare = spare_name(ready_.back());
    ready_.pop_back();
    placing_ = true;
  }
  int error = disk_.rename(spare, name);
  if (error == 0) error = disk_.sync_directory("");
  const std::lock_guard lock(mutex_);
  placing_ = false;
  if (error == 0) placed_ = name;
  placed_or_not_.notify_all();
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
    if (count() >= wanted_ || !disk_has_room()) return false;
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

// Settlements and checkpoints must not meet a disk that a spare has filled just now.
bool Spares::disk_has_room() const {
  uint64_t free = 0;
  return disk_.free_bytes(free) != 0 || free >= 2 * file_bytes_;
}

void Spares::give_up_one() {
  std::string name;
  {
    std::unique_lock lock(mutex_);
    placed_or_not_.wait(lock, [this] { return !placing_; });
    if (!ready_.empty()) {
      name = spare_name(ready_.back());
      ready_.pop_back();
    } else {
      name = std::exchange(placed_, "");
    }
  }
  if (!name.empty()) disk_.remove(name);
}

bool Spares::has_reserve() const {
  const std::lock_guard lock(mutex_);
  return ready_.size() >= reserve_;
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
  return count() * file_bytes_;
}

}  // namespace weir::journal
