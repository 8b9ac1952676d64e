// SPDX-License-Identifier: Apache-2.0
#include "journal/segment_scan.h"

#include <algorithm>
#include <cstring>

namespace weir::journal {
namespace {

constexpr size_t kPage = 4096;

bool all_zero(std::string_view bytes) { return bytes.find_first_not_of('\0') == std::string_view::npos; }

bool all_zero(FileWindow& window) {
  for (uint64_t at = 0; at < window.size();) {
    const std::string_view some = window.view_some(at, FileWindow::kAhead);
    if (!all_zero(some)) return false;
    at += some.size();
  }
  return true;
}

// Where the next sound head is, from `offset` on; the file's size where there is none.
uint64_t find_head(FileWindow& window, uint64_t offset, uint64_t segment, std::optional<uint32_t> epoch) {
  while (offset + kHeadSize <= window.size()) {
    const std::string_view some = window.view(offset, std::min<uint64_t>(window.size() - offset, kPage));
    for (size_t at = 0; at + kHeadSize <= some.size(); at += kAlignment) {
      if (looks_like_head(some.data() + at) && decode_head(some.substr(at), segment, epoch)) return offset + at;
    }
    offset += (some.size() - kHeadSize) / kAlignment * kAlignment + kAlignment;
  }
  return window.size();
}

bool payload_sound(FileWindow& window, uint64_t offset, const HeadFrame& frame) {
  uint32_t checksum = 0;
  for (uint64_t left = frame.head.size; left > 0;) {
    const std::string_view some = window.view_some(offset, left);
    if (some.empty()) return false;
    checksum = crc32c(some, checksum);
    offset += some.size();
    left -= some.size();
  }
  return checksum == frame.payload_checksum;
}

// True where the record at `offset` is whole; `on_frame` has it then.
bool visit_record(FileWindow& window, uint64_t offset, const HeadFrame& frame, const OnFrame& on_frame) {
  if (frame.head.size > window.size() - offset - kHeadSize) return false;
  if (frame.head.kind == RecordKind::kRequest) {
    if (!payload_sound(window, offset + kHeadSize, frame)) return false;
    on_frame(frame, offset, {});
    return true;
  }
  const std::string_view payload = window.view(offset + kHeadSize, frame.head.size);
  if (crc32c(payload) != frame.payload_checksum) return false;
  on_frame(frame, offset, payload);
  return true;
}

Damage broken_payload(uint64_t segment, uint64_t offset, const RecordHead& head) {
  return {.segment = segment, .offset = offset, .bytes = record_size(head.size), .head_known = true, .head = head};
}

// Takes what a kRoutes record says, if it is one.
void note_frame(Survey& survey, const HeadFrame& frame, std::string_view payload) {
  survey.has_records = true;
  survey.epoch = std::max(survey.epoch, frame.epoch);
  survey.version = std::max<uint32_t>(survey.version, frame.version);
  survey.routes_checksum = frame.routes_checksum;
  if (frame.head.kind == RecordKind::kRoutes && !survey.routes) survey.routes = decode_routes(payload);
}

// Header or routes are broken: all heads are asked.
void survey_records(Survey& survey, DiskFile& file, std::optional<uint32_t> epoch) {
  FileWindow window(file, survey.size);
  walk_records(window, survey.number, epoch,
               [&](const HeadFrame& frame, uint64_t, std::string_view payload) { note_frame(survey, frame, payload); });
}

void survey_frame(Survey& survey, FileWindow& window, DiskFile& file) {
  const auto header = decode_header(window.view(0, kHeaderSize));
  if (header) {
    survey.header = *header;
    survey.header_state = header->number == survey.number ? Survey::Header::kSound : Survey::Header::kOther;
    survey.version = header->version;
    survey.epoch = header->epoch;
    if (header->version > kFormatVersion || survey.header_state == Survey::Header::kOther) return;
    const auto frame = decode_head(window.view(kHeaderSize, kHeadSize), survey.number, header->epoch);
    const auto note = [&](const HeadFrame& found, uint64_t, std::string_view payload) {
      note_frame(survey, found, payload);
    };
    if (frame && visit_record(window, kHeaderSize, *frame, note) && survey.routes) return;
    survey_records(survey, file, header->epoch);
  } else if (!all_zero(window)) {
    survey_records(survey, file, std::nullopt);
  }
}

}  // namespace

std::string_view FileWindow::view(uint64_t offset, size_t size) {
  if (offset < begin_ || offset + size > begin_ + held_) load(offset, size);
  if (offset < begin_ || offset >= begin_ + held_) return {};
  return std::string_view(block_.get(), held_).substr(offset - begin_, size);
}

std::string_view FileWindow::view_some(uint64_t offset, size_t most) {
  if (offset < begin_ || offset >= begin_ + held_) load(offset, 1);
  return view(offset, std::min<uint64_t>(most, begin_ + held_ - offset));
}

void FileWindow::load(uint64_t offset, size_t size) {
  begin_ = offset;
  held_ = 0;
  if (offset >= size_) return;
  size = std::min<uint64_t>(std::max(size, ahead_), size_ - offset);
  if (size > capacity_) {
    block_ = std::make_unique_for_overwrite<char[]>(size);
    capacity_ = size;
  }
  fill(offset, size);
  held_ = size;
}

void FileWindow::fill(uint64_t offset, size_t size) {
  size_t got = 0;
  if (file_.read(offset, block_.get(), size, got) == 0 && got == size) return;
  for (size_t at = 0; at < size; at += kPage) {
    const size_t piece = std::min(kPage, size - at);
    if (file_.read(offset + at, block_.get() + at, piece, got) != 0) got = 0;
    std::memset(block_.get() + at + got, 0, piece - got);
  }
}

WalkEnd walk_records(FileWindow& window, uint64_t segment, std::optional<uint32_t> epoch, const OnFrame& on_frame) {
  WalkEnd out;
  for (uint64_t at = kHeaderSize; at + kHeadSize <= window.size();) {
    const auto frame = decode_head(window.view(at, kHeadSize), segment, epoch);
    if (frame) {
      if (!visit_record(window, at, *frame, on_frame)) out.damages.push_back(broken_payload(segment, at, frame->head));
      out.synced_to = std::max(out.synced_to, frame->synced_to);
      at += record_size(frame->head.size);
      out.end = at;
      continue;
    }
    const uint64_t next = find_head(window, at + kAlignment, segment, epoch);
    if (next == window.size()) {
      out.clean = all_zero(window.view(at, kHeadSize));
      break;
    }
    out.damages.push_back({.segment = segment, .offset = at, .bytes = next - at});
    at = next;
  }
  return out;
}

Survey survey_segment(DiskFile& file, uint64_t number, uint64_t size) {
  Survey survey{.number = number, .size = size};
  FileWindow window(file, size, kPage);
  survey_frame(survey, window, file);
  survey.end = decode_end_note(window.view(kEndNoteOffset, kEndNoteSize), number, survey.epoch);
  return survey;
}

SyncedPart synced_part(const std::vector<Survey>& segments, size_t index) {
  if (segments[index].end) return {.end = *segments[index].end};
  const auto sound = [](const Survey& later) { return later.header_state == Survey::Header::kSound; };
  const auto later = std::find_if(segments.begin() + static_cast<ptrdiff_t>(index) + 1, segments.end(), sound);
  if (later == segments.end()) return {};
  const auto& [number, end] = std::pair(later->header.previous, later->header.previous_end);
  if (number == segments[index].number) return {.end = end};
  // One that lies between the two was given up. One before the previous is whole, if that one's header, which is not
  // there any more to say so, was ever on disk.
  return {.all = number > segments[index].number && end > 0};
}

std::vector<Damage> judge_damages(const Survey& segment, const WalkEnd& walked, SyncedPart synced) {
  std::vector<Damage> damages = walked.damages;
  const uint64_t end = std::max(synced.end, walked.synced_to);
  if (segment.header_state == Survey::Header::kBroken && segment.size > 0) {
    const bool nothing = !segment.has_records && walked.damages.empty();
    if (!nothing || !walked.clean) {
      damages.insert(damages.begin(), {.segment = segment.number, .bytes = kHeaderSize, .header = true});
    }
  }
  if (end > walked.end) {
    damages.push_back({.segment = segment.number, .offset = walked.end, .bytes = end - walked.end});
  } else if (!walked.clean) {
    damages.push_back({.segment = segment.number, .offset = walked.end, .bytes = segment.size - walked.end});
  }
  for (Damage& damage : damages) damage.torn_tail = !synced.all && damage.offset >= end;
  return damages;
}

}  // namespace weir::journal
