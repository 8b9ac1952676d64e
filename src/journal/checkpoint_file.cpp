// SPDX-License-Identifier: Apache-2.0
#include "journal/checkpoint_file.h"

#include <cerrno>
#include <memory>
#include <system_error>

#include "journal/byte_codec.h"
#include "journal/segment_format.h"

namespace weir::journal {
namespace {

constexpr std::string_view kMagic = "weirchk\n";

std::string encode(const CheckpointData& data) {
  std::string out(kMagic);
  out.reserve(data.books.size() + 64);
  put_fixed(out, kFormatVersion);
  put_fixed(out, data.generation);
  put_fixed(out, data.items);
  put_fixed(out, data.segment);
  put_fixed(out, data.offset);
  put_fixed<uint64_t>(out, data.books.size());
  out += data.books;
  put_fixed(out, crc32c(out));
  return out;
}

// The version keeps its place in every format, so that a newer one is known for what it is.
CheckpointFound decode(std::string_view content, const std::string& name) {
  CheckpointFound found{.there = true};
  constexpr size_t kChecksum = sizeof(uint32_t);
  if (content.size() < kMagic.size() + kChecksum || content.substr(0, kMagic.size()) != kMagic) return found;
  const std::string_view body = content.substr(0, content.size() - kChecksum);
  if (ByteReader(content.substr(body.size())).fixed<uint32_t>() != crc32c(body)) return found;
  ByteReader in(body.substr(kMagic.size()));
  if (const auto version = in.fixed<uint32_t>(); version > kFormatVersion) {
    found.refused = name + " was written by journal format " + std::to_string(version) +
                    ", this weir reads formats up to " + std::to_string(kFormatVersion) + ": a newer weir is needed";
    return found;
  }
  found.data.generation = in.fixed<uint64_t>();
  found.data.items = in.fixed<uint64_t>();
  found.data.segment = in.fixed<uint64_t>();
  found.data.offset = in.fixed<uint64_t>();
  found.data.books = in.bytes(in.fixed<uint64_t>());
  found.sound = in.at_end();
  return found;
}

}  // namespace

int write_file(Disk& disk, const std::string& name, std::string_view content) {
  std::unique_ptr<DiskFile> file;
  if (const int error = disk.open(name, Disk::Mode::kCreate, file); error != 0) return error;
  if (const int error = file->write(0, {&content, 1}); error != 0) return error;
  return file->sync();
}

int read_file(Disk& disk, const std::string& name, std::string& content) {
  std::unique_ptr<DiskFile> file;
  if (const int error = disk.open(name, Disk::Mode::kRead, file); error != 0) return error;
  uint64_t size = 0;
  if (const int error = file->size(size); error != 0) return error;
  content.resize(size);
  size_t got = 0;
  if (const int error = file->read(0, content.data(), size, got); error != 0) return error;
  content.resize(got);
  return 0;
}

int write_checkpoint(Disk& disk, const CheckpointData& data) {
  const std::string content = encode(data);
  int error = write_file(disk, kNewCheckpoint, content);
  // The older one is the only thing that can be done without, unless it is the only one: the last save may have ended
  // between the two renames.
  if (std::unique_ptr<DiskFile> newest; error == ENOSPC && disk.open(kCheckpoint, Disk::Mode::kRead, newest) == 0) {
    disk.remove(kOldCheckpoint);
    error = write_file(disk, kNewCheckpoint, content);
  }
  if (error != 0) {
    disk.remove(kNewCheckpoint);
    return error;
  }
  error = disk.rename(kCheckpoint, kOldCheckpoint);
  if (error != 0 && error != ENOENT) return error;
  if (error = disk.rename(kNewCheckpoint, kCheckpoint); error != 0) return error;
  return disk.sync_directory("");
}

CheckpointFound read_checkpoint(Disk& disk, const std::string& name) {
  std::string content;
  const int error = read_file(disk, name, content);
  if (error == 0) return decode(content, name);
  if (error == ENOENT) return {};
  CheckpointFound found{.there = true};
  if (error != EIO) found.refused = "cannot read " + name + ": " + std::generic_category().message(error);
  return found;
}

}  // namespace weir::journal
