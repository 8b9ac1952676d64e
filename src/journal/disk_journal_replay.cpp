// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstring>
#include <utility>

#include "journal/disk_journal_impl.h"

// Reading records back.
namespace weir::journal {
namespace {

constexpr int kMostReadTries = 30;
constexpr Duration kReadAgainAfter = std::chrono::seconds(1);

// The body, moved to the front of the payload's own memory: nobody else has it yet.
BufferRef body_of(BufferRef payload, std::string_view body) {
  std::memmove(payload->data(), body.data(), body.size());
  payload.truncate(static_cast<uint32_t>(body.size()));
  return payload;
}

}  // namespace

// Null where it cannot be read. A record that is not in the log yet is put together from what waits for it.
BufferRef DiskJournal::Impl::payload_of(uint64_t record, const RecordBook& book) {
  if (book.at.segment != 0) {
    RecordHead head;
    BufferRef payload;
    const int error = log.read(book.at, head, payload, Reservation::take(*world.budget, book.at.size));
    if (error == 0 && head.sequence == record) return payload;
    world.log->error("journal", "a record cannot be read", {{"error", errno_text(error)}});
    return {};
  }
  const auto waits = std::find_if(gathered.begin(), gathered.end(), [&](const Gathered& one) {
    return one.head.kind == RecordKind::kRequest && one.head.sequence == record;
  });
  if (waits == gathered.end()) return {};
  const std::string payload = waits->prefix + std::string(waits->body->view());
  return BufferRef::copy_of(payload, Reservation::take(*world.budget, payload.size()));
}

void DiskJournal::Impl::read(Reading reading) {
  BufferRef bytes;
  const RecordBook* book = books.find(reading.record);
  if (book != nullptr) bytes = payload_of(reading.record, *book);
  if (bytes) {
    const auto request = decode_request(bytes->view());
    bytes = request ? body_of(std::move(bytes), request->body) : BufferRef();
  } else if (book != nullptr && ++reading.tries < kMostReadTries) {
    return unread.push_back(std::move(reading));
  }
  if (!bytes) metrics.corrupt.add();
  reading.back->post([bytes = std::move(bytes), done = std::move(reading.done)]() mutable { done(std::move(bytes)); });
}

// A disk that fails for a while loses nothing.
void DiskJournal::Impl::read_again(Time now) {
  if ((unread.empty() && !replay_waits) || now.mono < read_again_at) return;
  read_again_at = now.mono + kReadAgainAfter;
  for (Reading& reading : std::exchange(unread, {})) read(std::move(reading));
  if (auto waits = std::exchange(replay_waits, std::nullopt)) replay(std::move(*waits));
}

bool DiskJournal::Impl::read_request(uint64_t record, const RecordBook& book, ReplayRecord& out) {
  BufferRef payload = payload_of(record, book);
  if (!payload) return false;
  auto request = decode_request(payload->view());
  if (!request) return false;
  bool partly = route_differs[book.route];
  for (uint32_t i = 0; i < book.open.size(); ++i) {
    partly |= book.open[i].items != book.items * books.ways(book.route, i);
  }
  out.sequence = record;
  out.route = replay_as[book.route];
  out.signal = request->signal;
  out.items = book.items;
  out.context = std::make_shared<const Context>(std::move(request->context));
  out.account = std::make_shared<Account>(inbox, *world.budget, record, book.items, book.route,
                                          partly ? std::make_unique<const RecordBook>(book) : nullptr);
  out.bytes = body_of(std::move(payload), request->body);
  return true;
}

// A record that cannot be read is waited for: what comes after it must not overtake it, and the disk may only be out of
// file descriptors. One that never can be read stays live for the next start.
void DiskJournal::Impl::replay(Replaying ask) {
  take_settlements();
  if (failing == 0 && !gathered.empty()) commit(false);
  std::vector<ReplayRecord> records;
  uint64_t record = ask.after;
  for (uint64_t size = 0; size < ask.bytes;) {
    ask.after = record;
    const RecordBook* book = books.next_after(record, record);
    if (book == nullptr) break;
    ReplayRecord next_record;
    if (!read_request(record, *book, next_record)) {
      if (!records.empty()) break;
      if (++ask.tries < kMostReadTries) return void(replay_waits = std::move(ask));
      ask.tries = 0;
      continue;
    }
    const Duration received = next_record.context->received.wall;
    if (ages.empty() || received >= ages.rbegin()->second + std::chrono::seconds(1)) ages.emplace(record, received);
    size += next_record.bytes->size();
    records.push_back(std::move(next_record));
  }
  const bool end = records.empty();
  if (end) replaying = false;
  ask.back->post(
      [records = std::move(records), end, done = std::move(ask.done)]() mutable { done(std::move(records), end); });
}

}  // namespace weir::journal
