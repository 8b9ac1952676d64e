// SPDX-License-Identifier: Apache-2.0
#include "exporters/file/writer.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <map>
#include <stdexcept>
#include <system_error>
#include <vector>

namespace weir {

namespace {

namespace fs = std::filesystem;

constexpr int64_t kDefaultMegabytes = 100;

std::string problem_with(const std::string& doing, const std::string& path, int error) {
  return doing + " " + path + ": " + std::generic_category().message(error);
}

uint64_t limit_of(const FileConfig& config) {
  if (!config.rotation) return 0;
  const int64_t megabytes = config.rotation->max_megabytes > 0 ? config.rotation->max_megabytes : kDefaultMegabytes;
  return static_cast<uint64_t>(megabytes) << 20;
}

void make_directory(const FileConfig& config) {
  const fs::path directory = fs::path(config.path).parent_path();
  if (directory.empty() || fs::exists(directory)) return;
  std::error_code error;
  fs::create_directories(directory, error);
  if (error) throw std::runtime_error(problem_with("mkdir", directory.string(), error.value()));
  const auto mode = static_cast<fs::perms>(std::stoul(config.directory_permissions, nullptr, 8));
  fs::permissions(directory, mode, error);
}

}  // namespace

std::shared_ptr<FileWriter> FileWriter::open(const FileConfig& config) {
  static std::mutex mutex;
  static std::map<std::string, std::weak_ptr<FileWriter>> existing;
  const std::lock_guard lock(mutex);
  std::weak_ptr<FileWriter>& entry = existing[fs::absolute(config.path).lexically_normal().string()];
  std::shared_ptr<FileWriter> writer = entry.lock();
  if (writer == nullptr) entry = writer = std::make_shared<FileWriter>(config);
  return writer;
}

FileWriter::FileWriter(const FileConfig& config) : config_(config), limit_(limit_of(config)) {
  if (config.create_directory) make_directory(config);
  // A file that rotates goes on where it was, as its backups do.
  open_file(!config.append && !config.rotation);
}

FileWriter::~FileWriter() {
  if (fd_ >= 0) ::close(fd_);
}

void FileWriter::open_file(bool truncate) {
  const int how = O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | (truncate ? O_TRUNC : 0);
  fd_ = ::open(config_.path.c_str(), how, 0644);
  if (fd_ < 0) throw std::runtime_error(problem_with("open", config_.path, errno));
  struct stat status = {};
  is_regular_ = ::fstat(fd_, &status) == 0 && S_ISREG(status.st_mode);
  size_ = is_regular_ ? static_cast<uint64_t>(status.st_size) : 0;
}

std::string FileWriter::write(std::string_view data, Duration wall) {
  const std::lock_guard lock(mutex_);
  if (fd_ < 0) {
    try {
      open_file(false);
    } catch (const std::runtime_error& error) {
      return error.what();
    }
  }
  if (limit_ > 0 && is_regular_ && size_ > 0 && size_ + data.size() > limit_) {
    if (std::string error = rotate(wall); !error.empty()) return error;
  }
  return write_all(data);
}

std::string FileWriter::write_all(std::string_view data) {
  const uint64_t before = size_;
  while (!data.empty()) {
    const ssize_t written = ::write(fd_, data.data(), data.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) {
      const int error = errno;
      // Half a message must not stay: who reads the file would stumble over it.
      if (is_regular_ && size_ != before && ::ftruncate(fd_, static_cast<off_t>(before)) == 0) size_ = before;
      return problem_with("write", config_.path, error);
    }
    size_ += static_cast<uint64_t>(written);
    data.remove_prefix(static_cast<size_t>(written));
  }
  return "";
}

// name.ext -> name-2006-01-02T15-04-05.000.ext, as the collector names them.
std::string FileWriter::backup_name(Duration wall) const {
  const std::time_t seconds = std::chrono::duration_cast<std::chrono::seconds>(wall).count();
  const auto millis = static_cast<int>(wall / std::chrono::milliseconds(1) % 1000);
  std::tm parts = {};
  if (config_.rotation->localtime) {
    ::localtime_r(&seconds, &parts);
  } else {
    ::gmtime_r(&seconds, &parts);
  }
  char time[32];
  const size_t length = std::strftime(time, sizeof time, "%Y-%m-%dT%H-%M-%S", &parts);
  char text[48];
  std::snprintf(text, sizeof text, "-%.*s.%03d", static_cast<int>(length), time, millis);
  const fs::path path(config_.path);
  return (path.parent_path() / (path.stem().string() + text + path.extension().string())).string();
}

std::string FileWriter::rotate(Duration wall) {
  std::string backup = backup_name(wall);
  // Two rotations within a millisecond: the next free name.
  for (Duration later = wall; fs::exists(backup);) backup = backup_name(later += std::chrono::milliseconds(1));
  if (::rename(config_.path.c_str(), backup.c_str()) != 0) return problem_with("rename", config_.path, errno);
  ::close(fd_);
  fd_ = -1;
  try {
    open_file(false);
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  remove_old_backups(wall);
  return "";
}

void FileWriter::remove_old_backups(Duration wall) const {
  const fs::path path(config_.path);
  const std::string prefix = path.stem().string() + "-";
  const std::string suffix = path.extension().string();
  const size_t length = fs::path(backup_name(wall)).filename().string().size();
  std::error_code error;
  std::vector<std::string> backups;  // their names sort by time
  const fs::path directory = path.has_parent_path() ? path.parent_path() : fs::path(".");
  for (const fs::directory_entry& entry : fs::directory_iterator(directory, error)) {
    const std::string name = entry.path().filename().string();
    if (name.size() == length && name.starts_with(prefix) && name.ends_with(suffix)) backups.push_back(name);
  }
  std::sort(backups.begin(), backups.end(), std::greater<>());
  const FileRotationConfig& rotation = *config_.rotation;
  const std::string oldest_kept =
      fs::path(backup_name(wall - std::chrono::hours(24) * rotation.max_days)).filename().string();
  for (size_t i = 0; i < backups.size(); ++i) {
    const bool too_many = rotation.max_backups > 0 && i >= static_cast<size_t>(rotation.max_backups);
    const bool too_old = rotation.max_days > 0 && backups[i] < oldest_kept;
    if (too_many || too_old) fs::remove(directory / backups[i], error);
  }
}

}  // namespace weir
