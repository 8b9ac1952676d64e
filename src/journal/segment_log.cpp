// SPDX-License-Identifier: Apache-2.0
#include "journal/segment_log.h"

#include <cerrno>

#include "journal/segment_log_impl.h"

namespace weir::journal {

SegmentLog::SegmentLog(Disk& disk, Log& log, SegmentLogOptions options)
    : impl_(std::make_unique<Impl>(disk, log, options)) {}

SegmentLog::~SegmentLog() = default;

void SegmentLog::set_routes(std::vector<Route> routes) {
  routes_ = routes;
  impl_->routes = std::make_shared<const RouteTable>(std::move(routes));
}

const std::vector<Route>& SegmentLog::routes_of(uint64_t segment) const {
  static const std::vector<Route> kNone;
  const auto found = impl_->segments.find(segment);
  return found != impl_->segments.end() && found->second.routes ? found->second.routes->list : kNone;
}

void SegmentLog::append(const RecordHead& head, std::vector<std::string_view> pieces) {
  GatheredRecord record{.head = head, .routes = impl_->routes};
  uint64_t size = 0;
  for (std::string_view piece : pieces) {
    record.checksum = crc32c(piece, record.checksum);
    size += piece.size();
  }
  impl_->too_large |= size > kMaxPayload;
  record.head.size = static_cast<uint32_t>(size);
  record.pieces = std::move(pieces);
  pending_bytes_ += record_size(record.head.size);
  impl_->gathered.push_back(std::move(record));
}

int SegmentLog::commit(bool sync, const std::function<void(size_t index, const Location&)>& placed) {
  const std::deque<GatheredRecord> records = std::exchange(impl_->gathered, {});
  pending_bytes_ = 0;
  if (std::exchange(impl_->too_large, false)) return EFBIG;
  std::vector<Location> places;
  if (const int error = impl_->writer.write(records, sync, places); error != 0) return error;
  for (size_t i = 0; i < places.size(); ++i) placed(i, places[i]);
  return 0;
}

int SegmentLog::read(const Location& at, RecordHead& head, BufferRef& payload, Reservation paid) {
  const auto segment = impl_->segments.find(at.segment);
  if (segment == impl_->segments.end()) return ENOENT;
  const bool growing = at.segment == impl_->writer.active();
  return impl_->reader.read(at, segment->second.epoch, growing, head, payload, std::move(paid));
}

std::vector<uint64_t> SegmentLog::closed_segments() const {
  std::vector<uint64_t> closed;
  for (const auto& [number, segment] : impl_->segments) {
    if (number != impl_->segments.rbegin()->first) closed.push_back(number);
  }
  return closed;
}

uint64_t SegmentLog::segment_bytes(uint64_t segment) const {
  const auto found = impl_->segments.find(segment);
  return found == impl_->segments.end() ? 0 : found->second.bytes;
}

uint64_t SegmentLog::disk_bytes() const {
  uint64_t bytes = impl_->spares.bytes();
  for (const auto& [number, segment] : impl_->segments) bytes += segment.bytes;
  return bytes;
}

int SegmentLog::retire(uint64_t segment) {
  const auto found = impl_->segments.find(segment);
  if (found == impl_->segments.end()) return 0;
  if (segment == impl_->segments.rbegin()->first) return EBUSY;
  if (const int error = impl_->hand_on_ends(segment); error != 0) return error;
  impl_->reader.forget(segment);
  const std::string name = segment_name(segment);
  const bool kept = found->second.bytes == impl_->options.segment_bytes && impl_->spares.keep(name);
  if (!kept) {
    if (const int error = impl_->disk.remove(name); error != 0 && error != ENOENT) return error;
  }
  impl_->segments.erase(found);
  return 0;
}

// The same rules as synced_part(): the header speaks of all segments back to one that speaks itself.
int SegmentLog::Impl::hand_on_ends(uint64_t segment) {
  auto before = segments.find(segment);
  if (!before->second.header_sound) return 0;
  const uint64_t previous = before->second.previous;
  const uint64_t previous_end = before->second.previous_end;
  while (before != segments.begin()) {
    --before;
    if (before->first >= previous || previous_end == 0) {
      const int error = write_end(before->first, before->first == previous ? previous_end : 0);
      if (error != 0) return error;
    }
    // The header of one that never came to the disk may be gone after a crash.
    const bool on_disk = before->first < previous || (before->first == previous && previous_end > 0);
    if (before->second.header_sound && on_disk) break;
  }
  return 0;
}

int SegmentLog::Impl::write_end(uint64_t segment, uint64_t end) {
  std::unique_ptr<DiskFile> file;
  if (const int error = disk.open(segment_name(segment), Disk::Mode::kReadWrite, file); error != 0) {
    return error == ENOENT ? 0 : error;
  }
  const auto bytes = encode_end_note(end, segment, segments.at(segment).epoch);
  const std::string_view all(bytes.data(), bytes.size());
  if (const int error = file->write(kEndNoteOffset, {&all, 1}); error != 0) return error;
  return file->sync();
}

std::string SegmentLog::next_name() const { return impl_->writer.next_name(); }

bool SegmentLog::has_reserve() const { return impl_->spares.has_reserve(); }
void SegmentLog::give_up_spare() { impl_->spares.give_up_one(); }

bool SegmentLog::prepare_spare(const std::string& next) {
  impl_->spares.place(next);
  return impl_->spares.prepare();
}

}  // namespace weir::journal
