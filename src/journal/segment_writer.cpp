// SPDX-License-Identifier: Apache-2.0
#include "journal/segment_writer.h"

#include <algorithm>
#include <array>
#include <system_error>

namespace weir::journal {
namespace {

constexpr std::array<char, kHeadSize> kZeros{};
// The routes come again when that much lies between, so that no single broken page takes both copies.
constexpr uint64_t kRoutesDistance = 4096;

std::string_view view_of(const auto& bytes) { return {bytes.data(), bytes.size()}; }

}  // namespace

void LogProgress::note(const RecordHead& head) {
  if (head.kind != RecordKind::kRequest) return;
  sequence = std::max(sequence, head.sequence);
  items = std::max(items, head.items_before + head.items);
}

int SegmentWriter::write(const std::deque<GatheredRecord>& records, bool sync, std::vector<Location>& placed) {
  placed.resize(records.size());
  safe_ = 0;
  const LogProgress before = start_.progress;
  int error = attempt(records, sync, placed);
  if (error != 0) {
    give_up(error);
    if (!records.empty()) error = attempt(records, sync, placed);
    if (error != 0) give_up(error);
  }
  if (error == 0) {
    committed_ = end_;
  } else {
    start_.progress = before;
  }
  return error;
}

int SegmentWriter::attempt(const std::deque<GatheredRecord>& records, bool sync, std::vector<Location>& placed) {
  if (safe_ == 0 && better_in_another(records)) {
    if (const int error = next_segment(records[0]); error != 0) return error;
  }
  for (size_t i = safe_; i < records.size(); ++i) {
    if (!fits(records[i])) {
      if (const int error = flush(true); error != 0) return error;
      safe_ = i;
      if (const int error = next_segment(records[i]); error != 0) return error;
    }
    placed[i] = place(records[i]);
  }
  return flush(sync);
}

// What would lie in two segments needs two syncs, one after the other, and senders wait for both. A little room left
// empty is cheaper.
bool SegmentWriter::better_in_another(const std::deque<GatheredRecord>& records) const {
  if (!file_ || records.empty() || !fits(records[0])) return false;
  uint64_t size = 0;
  for (const GatheredRecord& record : records) size += record_size(record.head.size);
  return end_ + size > capacity_ && size <= segment_bytes_ / 8;
}

// The records before are safe or in no file.
int SegmentWriter::next_segment(const GatheredRecord& first) {
  if (const int error = flush(true); error != 0) return error;
  close_segment();
  return begin_segment(first);
}

bool SegmentWriter::routes_are_due() const { return routes_again_ != 0 && end_ >= routes_again_; }

bool SegmentWriter::fits(const GatheredRecord& record) const {
  if (!file_ || routes_ != record.routes) return false;
  const uint64_t routes = routes_are_due() ? record_size(static_cast<uint32_t>(routes_->payload.size())) : 0;
  return end_ + routes + record_size(record.head.size) <= capacity_;
}

Location SegmentWriter::place(const GatheredRecord& record) {
  if (routes_are_due()) place_routes();
  const Location at{number_, static_cast<uint32_t>(end_), static_cast<uint32_t>(record_size(record.head.size))};
  add_record(record.head, record.checksum, record.pieces);
  start_.progress.note(record.head);
  return at;
}

void SegmentWriter::place_routes() {
  const bool first = end_ == kHeaderSize;
  add_record({.kind = RecordKind::kRoutes,
              .size = static_cast<uint32_t>(routes_->payload.size()),
              .sequence = start_.progress.sequence,
              .items_before = start_.progress.items},
             routes_->checksum, {routes_->payload});
  routes_again_ = first ? end_ + kRoutesDistance : 0;
}

void SegmentWriter::add_record(const RecordHead& head, uint32_t checksum, const std::vector<std::string_view>& pieces) {
  const HeadFrame frame{.head = head,
                        .epoch = start_.epoch,
                        .synced_to = synced_,
                        .routes_checksum = routes_->checksum,
                        .payload_checksum = checksum};
  heads_.push_back(encode(frame, number_));
  pieces_.push_back(view_of(heads_.back()));
  pieces_.insert(pieces_.end(), pieces.begin(), pieces.end());
  const uint64_t size = record_size(head.size);
  const size_t padding = size - kHeadSize - head.size;
  if (padding > 0) pieces_.push_back(view_of(kZeros).substr(0, padding));
  end_ += size;
}

// One gathered write. The head of zeros behind it is written over by the next one.
int SegmentWriter::flush(bool sync) {
  if (!file_) return 0;
  if (written_ < end_) {
    if (end_ + kHeadSize <= capacity_) pieces_.push_back(view_of(kZeros));
    if (const int error = file_->write(written_, pieces_); error != 0) return error;
    written_ = end_;
    pieces_.clear();
    heads_.clear();
    segments_[number_].bytes = std::max(segments_[number_].bytes, std::min(end_ + kHeadSize, capacity_));
  }
  if (!sync || synced_ == end_) return 0;
  if (const int error = file_->sync(); error != 0) return error;
  synced_ = end_;
  return 0;
}

int SegmentWriter::begin_segment(const GatheredRecord& first) {
  number_ = start_.next_number++;
  routes_ = first.routes;
  end_ = kHeaderSize + record_size(static_cast<uint32_t>(routes_->payload.size())) + record_size(first.head.size);
  capacity_ = std::max<uint64_t>(segment_bytes_, end_);
  bool recycled = false;
  if (const int error = make_file(capacity_, recycled); error != 0) {
    file_.reset();
    disk_.remove(segment_name(number_));
    return error;
  }
  segments_[number_] = {.bytes = recycled ? capacity_ : 0,
                        .epoch = start_.epoch,
                        .routes = routes_,
                        .header_sound = true,
                        .previous = start_.previous,
                        .previous_end = start_.previous_end};
  header_ = encode(SegmentHeader{
      .epoch = start_.epoch, .number = number_, .previous = start_.previous, .previous_end = start_.previous_end});
  pieces_.push_back(view_of(header_));
  end_ = kHeaderSize;
  written_ = synced_ = committed_ = 0;
  place_routes();
  return 0;
}

// The file is in the directory for good before anything is written to it: its number is never used again, so what it
// held before is never taken for its own. Mostly a spare was put there before (Spares::place): a sync less to wait for.
int SegmentWriter::make_file(uint64_t bytes, bool& recycled) {
  const std::string name = segment_name(number_);
  const Spares::Taken taken = spares_.take(name, bytes);
  recycled = taken != Spares::Taken::kNone;
  const auto mode = recycled ? Disk::Mode::kReadWrite : Disk::Mode::kCreate;
  if (const int error = disk_.open(name, mode, file_); error != 0) return error;
  return taken == Spares::Taken::kPlaced ? 0 : disk_.sync_directory("");
}

void SegmentWriter::close_segment() {
  if (!file_) return;
  file_.reset();
  start_.previous = number_;
  start_.previous_end = synced_;
}

// The segment is not written to any more. What nobody was told is written is cut off, as far as the disk still does
// what it is told.
void SegmentWriter::give_up(int error) {
  pieces_.clear();
  heads_.clear();
  if (!file_) return;
  log_.warn("journal", "cannot write a segment, beginning another",
            {{"segment", segment_name(number_)}, {"error", std::generic_category().message(error)}});
  if (committed_ > 0) {
    if (file_->truncate(committed_) == 0) segments_[number_].bytes = committed_;
    return close_segment();
  }
  file_.reset();
  if (disk_.remove(segment_name(number_)) == 0) segments_.erase(number_);
}

}  // namespace weir::journal
