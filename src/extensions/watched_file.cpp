// SPDX-License-Identifier: Apache-2.0
#include "extensions/watched_file.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

namespace weir {

namespace {

constexpr Duration kBetweenLooks = std::chrono::seconds(1);
constexpr size_t kLargest = 1 << 20;  // a secret is not larger; a wrong path may name anything

bool same_file(const struct stat& a, const struct stat& b) {
  return a.st_dev == b.st_dev && a.st_ino == b.st_ino && a.st_size == b.st_size &&
         a.st_mtim.tv_sec == b.st_mtim.tv_sec && a.st_mtim.tv_nsec == b.st_mtim.tv_nsec;
}

}  // namespace

// False, with errno, where it cannot be read.
bool WatchedFile::read() {
  const int fd = ::open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return false;
  struct stat now {};
  std::string content;
  char chunk[4096];
  ssize_t got = ::fstat(fd, &now);
  while (got >= 0 && content.size() < kLargest && (got = ::read(fd, chunk, sizeof chunk)) > 0)
    content.append(chunk, static_cast<size_t>(got));
  const int error = errno;
  ::close(fd);
  errno = error;
  if (got < 0) return false;
  seen_ = now;
  content_ = std::move(content);
  ++version_;
  return true;
}

std::string WatchedFile::open() {
  const std::lock_guard lock(mutex_);
  next_look_ = clock_.now().mono + kBetweenLooks;
  if (read()) return "";
  char buffer[128];
  return "open " + path_ + ": " + ::strerror_r(errno, buffer, sizeof buffer);
}

bool WatchedFile::changed_since(uint64_t& version, std::string& content) {
  const Duration now = clock_.now().mono;
  const std::lock_guard lock(mutex_);
  if (now >= next_look_) {
    next_look_ = now + kBetweenLooks;
    struct stat there {};
    if (::stat(path_.c_str(), &there) == 0 && !same_file(there, seen_)) read();
  }
  if (version_ == version) return false;
  version = version_;
  content = content_;
  return true;
}

}  // namespace weir
