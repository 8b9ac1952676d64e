// SPDX-License-Identifier: Apache-2.0
#include "journal/quarantine.h"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <optional>

#include "journal/byte_codec.h"
#include "journal/checkpoint_file.h"
#include "journal/segment_format.h"

namespace weir::journal {
namespace {

constexpr const char* kRefused = "refused";
constexpr const char* kQuarantine = "quarantine";
constexpr uint32_t kMagic = 0xd7a1e11d;

std::string name_of(const char* directory, uint64_t number) {
  char text[48];
  std::snprintf(text, sizeof text, "%s/%08llu", directory, static_cast<unsigned long long>(number));
  return text;
}

// The numbered files of a directory, in order.
std::vector<uint64_t> numbered(Disk& disk, const char* directory) {
  std::vector<std::string> names;
  if (disk.list(directory, names) != 0) return {};
  std::vector<uint64_t> numbers;
  for (const std::string& name : names) {
    uint64_t number = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
    if (error == std::errc() && end == name.data() + name.size()) numbers.push_back(number);
  }
  std::sort(numbers.begin(), numbers.end());
  return numbers;
}

// magic, size, checksum, then the fields.
std::string framed(const RefusedItems& items) {
  std::string body;
  put_fixed(body, static_cast<uint8_t>(items.signal));
  put_fixed<int64_t>(body, items.at.count());
  put_text(body, items.destination);
  put_text(body, items.message);
  put_text(body, items.request);
  std::string out;
  put_fixed(out, kMagic);
  put_fixed(out, static_cast<uint32_t>(body.size()));
  put_fixed(out, crc32c(body));
  return out + body;
}

std::optional<RefusedItems> unframed(std::string_view body) {
  ByteReader in(body);
  RefusedItems items;
  items.signal = static_cast<Signal>(in.fixed<uint8_t>());
  items.at = Duration(in.fixed<int64_t>());
  items.destination = in.text();
  items.message = in.text();
  items.request = in.text();
  if (!in.at_end() || items.signal > Signal::kLogs) return std::nullopt;
  return items;
}

bool visit_file(std::string_view content, const std::function<void(const RefusedItems&)>& visit) {
  ByteReader in(content);
  while (!in.at_end()) {
    const auto magic = in.fixed<uint32_t>();
    const auto size = in.fixed<uint32_t>();
    const auto checksum = in.fixed<uint32_t>();
    const std::string_view body = in.bytes(size);
    if (!in.ok() || magic != kMagic || crc32c(body) != checksum) return false;
    if (const auto items = unframed(body)) visit(*items);
  }
  return true;
}

}  // namespace

int RefusedStore::list() {
  if (listed_) return 0;
  if (const int error = disk_.make_directory(kRefused); error != 0) return error;
  for (const uint64_t number : numbered(disk_, kRefused)) {
    File& file = files_.emplace_back(File{number, 0});
    std::unique_ptr<DiskFile> there;
    if (disk_.open(name_of(kRefused, number), Disk::Mode::kRead, there) == 0) there->size(file.bytes);
    total_ += file.bytes;
  }
  listed_ = true;
  return 0;
}

int RefusedStore::begin_file() {
  const uint64_t number = files_.empty() ? 1 : files_.back().number + 1;
  if (const int error = disk_.open(name_of(kRefused, number), Disk::Mode::kCreate, file_); error != 0) return error;
  files_.push_back({number, 0});
  return 0;
}

int RefusedStore::make_room(uint64_t more) {
  while (!files_.empty() && total_ + more > kTotalBytes) {
    if (files_.size() == 1) file_.reset();
    if (const int error = disk_.remove(name_of(kRefused, files_.front().number)); error != 0) return error;
    total_ -= files_.front().bytes;
    files_.pop_front();
  }
  return 0;
}

int RefusedStore::add(const RefusedItems& items) {
  const std::string bytes = framed(items);
  if (bytes.size() > kTotalBytes) return 0;
  if (const int error = list(); error != 0) return error;
  if (const int error = make_room(bytes.size()); error != 0) return error;
  if (!file_ || files_.back().bytes >= kFileBytes) {
    if (const int error = begin_file(); error != 0) return error;
  }
  const std::string_view piece = bytes;
  if (const int error = file_->write(files_.back().bytes, {&piece, 1}); error != 0) return error;
  files_.back().bytes += bytes.size();
  total_ += bytes.size();
  return 0;
}

bool read_refused(Disk& disk, const std::function<void(const RefusedItems&)>& visit) {
  bool sound = true;
  for (const uint64_t number : numbered(disk, kRefused)) {
    std::string content;
    sound = read_file(disk, name_of(kRefused, number), content) == 0 && visit_file(content, visit) && sound;
  }
  return sound;
}

int put_into_quarantine(Disk& disk, uint64_t record, std::string_view payload) {
  if (const int error = disk.make_directory(kQuarantine); error != 0) return error;
  if (const int error = write_file(disk, name_of(kQuarantine, record), payload); error != 0) return error;
  if (const int error = disk.sync_directory(kQuarantine); error != 0) return error;
  return disk.sync_directory("");
}

void read_quarantine(Disk& disk, const std::function<void(uint64_t record, std::string_view payload)>& visit) {
  for (const uint64_t number : numbered(disk, kQuarantine)) {
    std::string content;
    if (read_file(disk, name_of(kQuarantine, number), content) == 0) visit(number, content);
  }
}

}  // namespace weir::journal
