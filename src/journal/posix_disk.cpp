// SPDX-License-Identifier: Apache-2.0
#include "journal/posix_disk.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstdio>
#include <system_error>

namespace weir::journal {
namespace {

// Does it again while signals interrupt it. The result, or -1 with errno.
template <class Call>
auto uninterrupted(Call call) {
  for (;;) {
    const auto result = call();
    if (result >= 0 || errno != EINTR) return result;
  }
}

template <class Call>
int error_of(Call call) {
  return uninterrupted(call) < 0 ? errno : 0;
}

class PosixFile final : public DiskFile {
 public:
  explicit PosixFile(int descriptor) : descriptor_(descriptor) {}
  ~PosixFile() override { close(descriptor_); }
  PosixFile(const PosixFile&) = delete;
  PosixFile& operator=(const PosixFile&) = delete;

  int write(uint64_t offset, std::span<const std::string_view> pieces) override;
  int read(uint64_t offset, char* to, size_t size, size_t& got) override;
  int sync() override {
    return error_of([this] { return fdatasync(descriptor_); });
  }
  int truncate(uint64_t size) override {
    return error_of([&] { return ftruncate(descriptor_, static_cast<off_t>(size)); });
  }
  int size(uint64_t& bytes) override {
    struct stat status {};
    if (fstat(descriptor_, &status) < 0) return errno;
    bytes = static_cast<uint64_t>(status.st_size);
    return 0;
  }

 private:
  int descriptor_;
};

std::vector<iovec> vectors_of(std::span<const std::string_view> pieces) {
  std::vector<iovec> vectors;
  vectors.reserve(pieces.size());
  for (std::string_view piece : pieces) {
    if (!piece.empty()) vectors.push_back({const_cast<char*>(piece.data()), piece.size()});
  }
  return vectors;
}

// Moves `next` on by what was written of the vectors from there.
void step_over(std::vector<iovec>& vectors, size_t& next, size_t written) {
  for (; next < vectors.size() && written >= vectors[next].iov_len; ++next) written -= vectors[next].iov_len;
  if (written == 0) return;
  vectors[next].iov_base = static_cast<char*>(vectors[next].iov_base) + written;
  vectors[next].iov_len -= written;
}

int PosixFile::write(uint64_t offset, std::span<const std::string_view> pieces) {
  std::vector<iovec> vectors = vectors_of(pieces);
  for (size_t next = 0; next < vectors.size();) {
    const int count = static_cast<int>(std::min<size_t>(vectors.size() - next, IOV_MAX));
    const ssize_t written =
        uninterrupted([&] { return pwritev(descriptor_, &vectors[next], count, static_cast<off_t>(offset)); });
    if (written < 0) return errno;
    if (written == 0) return EIO;
    offset += static_cast<uint64_t>(written);
    step_over(vectors, next, static_cast<size_t>(written));
  }
  return 0;
}

int PosixFile::read(uint64_t offset, char* to, size_t size, size_t& got) {
  for (got = 0; got < size;) {
    const ssize_t taken =
        uninterrupted([&] { return pread(descriptor_, to + got, size - got, static_cast<off_t>(offset + got)); });
    if (taken < 0) return errno;
    if (taken == 0) return 0;
    got += static_cast<size_t>(taken);
  }
  return 0;
}

int flags_of(Disk::Mode mode) {
  switch (mode) {
    case Disk::Mode::kRead:
      return O_RDONLY | O_CLOEXEC;
    case Disk::Mode::kReadWrite:
      return O_RDWR | O_CLOEXEC;
    case Disk::Mode::kCreate:
      break;
  }
  return O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC;
}

bool is_file(DIR* directory, const dirent& entry) {
  if (entry.d_type != DT_UNKNOWN) return entry.d_type == DT_REG;
  struct stat status {};
  return fstatat(dirfd(directory), entry.d_name, &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(status.st_mode);
}

std::string text_of(int error) { return std::generic_category().message(error); }

}  // namespace

PosixDisk::~PosixDisk() {
  if (lock_ >= 0) ::close(lock_);
}

std::string PosixDisk::lock() {
  if (lock_ >= 0) return "";
  const std::string path = path_of("lock");
  const int file = uninterrupted([&] { return ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0640); });
  if (file < 0) return path + ": " + text_of(errno);
  if (const int error = error_of([&] { return flock(file, LOCK_EX | LOCK_NB); }); error != 0) {
    char text[32] = {};
    const ssize_t size = pread(file, text, sizeof text - 1, 0);
    ::close(file);
    if (error != EWOULDBLOCK) return path + ": " + text_of(error);
    const std::string holder(text, static_cast<size_t>(std::max<ssize_t>(size, 0)));
    return directory_ + " is in use by process " + holder.substr(0, holder.find_first_not_of("0123456789"));
  }
  lock_ = file;
  // Who holds it is only told to others: a full disk is no reason not to hold it.
  const std::string pid = std::to_string(getpid()) + "\n";
  [[maybe_unused]] const bool told = ftruncate(file, 0) == 0 && pwrite(file, pid.data(), pid.size(), 0) > 0;
  return "";
}

int PosixDisk::open(const std::string& name, Mode mode, std::unique_ptr<DiskFile>& file) {
  const std::string path = path_of(name);
  const int descriptor = uninterrupted([&] { return ::open(path.c_str(), flags_of(mode), 0640); });
  if (descriptor < 0) return errno;
  file = std::make_unique<PosixFile>(descriptor);
  return 0;
}

int PosixDisk::list(const std::string& directory, std::vector<std::string>& names) {
  names.clear();
  const std::unique_ptr<DIR, int (*)(DIR*)> open_directory(opendir(path_of(directory).c_str()), closedir);
  if (!open_directory) return errno;
  for (;;) {
    errno = 0;
    const dirent* entry = readdir(open_directory.get());
    if (entry == nullptr) return errno;
    if (is_file(open_directory.get(), *entry)) names.emplace_back(entry->d_name);
  }
}

int PosixDisk::make_directory(const std::string& name) {
  const int error = error_of([&] { return mkdir(path_of(name).c_str(), 0750); });
  return error == EEXIST ? 0 : error;
}

int PosixDisk::rename(const std::string& from, const std::string& to) {
  return error_of([&] { return ::rename(path_of(from).c_str(), path_of(to).c_str()); });
}

int PosixDisk::remove(const std::string& name) {
  return error_of([&] { return unlink(path_of(name).c_str()); });
}

int PosixDisk::sync_directory(const std::string& directory) {
  const int descriptor =
      uninterrupted([&] { return ::open(path_of(directory).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC); });
  if (descriptor < 0) return errno;
  const int error = error_of([&] { return fsync(descriptor); });
  ::close(descriptor);
  return error;
}

int PosixDisk::free_bytes(uint64_t& bytes) {
  struct statvfs status {};
  if (const int error = error_of([&] { return statvfs(directory_.c_str(), &status); }); error != 0) return error;
  bytes = uint64_t{status.f_bavail} * status.f_frsize;
  return 0;
}

}  // namespace weir::journal
