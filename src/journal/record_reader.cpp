// SPDX-License-Identifier: Apache-2.0
#include "journal/record_reader.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace weir::journal {
namespace {

// Records further apart than this are not read one after another.
constexpr uint64_t kNear = 64 << 10;

bool matches(const HeadFrame& frame, const Location& at) { return record_size(frame.head.size) == at.size; }

}  // namespace

int RecordReader::read(const Location& at, uint32_t epoch, bool growing, RecordHead& head, BufferRef& payload,
                       Reservation paid) {
  OpenFile* from = nullptr;
  if (const int error = file_of(at.segment, from); error != 0) return error;
  const bool ahead = !growing && at.offset >= from->last_end && at.offset - from->last_end <= kNear;
  from->last_end = uint64_t{at.offset} + at.size;
  if (!ahead || at.size > FileWindow::kAhead / 2) return read_whole(*from, at, epoch, head, payload, std::move(paid));
  if (!from->window) {
    uint64_t size = 0;
    if (const int error = from->file->size(size); error != 0) return error;
    for (OpenFile& other : files_) other.window.reset();
    from->window = std::make_unique<FileWindow>(*from->file, size);
  }
  const std::string_view bytes = from->window->view(at.offset, at.size);
  const auto frame = decode_head(bytes, at.segment, epoch);
  const std::string_view body = frame ? bytes.substr(kHeadSize, frame->head.size) : std::string_view();
  if (!frame || !matches(*frame, at) || body.size() < frame->head.size || crc32c(body) != frame->payload_checksum) {
    return read_whole(*from, at, epoch, head, payload, std::move(paid));  // which says what is wrong
  }
  head = frame->head;
  payload = BufferRef::copy_of(body, std::move(paid));
  return 0;
}

int RecordReader::read_whole(OpenFile& from, const Location& at, uint32_t epoch, RecordHead& head, BufferRef& payload,
                             Reservation paid) {
  char bytes[kHeadSize];
  size_t got = 0;
  if (const int error = from.file->read(at.offset, bytes, kHeadSize, got); error != 0) return error;
  const auto frame = decode_head({bytes, got}, at.segment, epoch);
  if (!frame || !matches(*frame, at)) return EBADMSG;
  BufferRef body = BufferRef::allocate(frame->head.size, std::move(paid));
  if (const int error = from.file->read(uint64_t{at.offset} + kHeadSize, body->data(), body->size(), got); error != 0) {
    return error;
  }
  if (got != body->size() || crc32c(body->view()) != frame->payload_checksum) return EBADMSG;
  head = frame->head;
  payload = std::move(body);
  return 0;
}

int RecordReader::file_of(uint64_t segment, OpenFile*& file) {
  const auto known = std::find_if(files_.begin(), files_.end(), [&](auto& open) { return open.segment == segment; });
  if (known != files_.end()) {
    known->used = ++uses_;
    file = &*known;
    return 0;
  }
  OpenFile opened{.segment = segment, .used = ++uses_};
  if (const int error = disk_.open(segment_name(segment), Disk::Mode::kRead, opened.file); error != 0) return error;
  if (files_.size() >= kFiles) {
    files_.erase(std::min_element(files_.begin(), files_.end(),
                                  [](const OpenFile& a, const OpenFile& b) { return a.used < b.used; }));
  }
  file = &files_.emplace_back(std::move(opened));
  return 0;
}

void RecordReader::forget(uint64_t segment) {
  std::erase_if(files_, [&](const OpenFile& open) { return open.segment == segment; });
}

}  // namespace weir::journal
