// SPDX-License-Identifier: Apache-2.0
#include "daemon/journal_picture.h"

#include <cstring>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "otlp/walker.h"

namespace weir {

bool JournalPicture::LiveRecord::open(uint32_t item) const {
  for (uint32_t i = 0; i < book->open.size(); ++i) {
    if (book->open[i].items != 0 && !book->settled(i, item)) return true;
  }
  return false;
}

std::string JournalPicture::read() {
  constexpr int kReads = 3;
  for (int i = 0; i < kReads; ++i) {
    read_once();
    if (recovered_.refused.empty() && !damaged()) break;
  }
  if (!recovered_.refused.empty()) return recovered_.refused;
  if (recovered_.log.segments == 0 && recovered_.checkpoint.empty()) return "no journal is there";
  note_decisions();
  return "";
}

void JournalPicture::read_once() {
  segments_ = std::make_unique<journal::SegmentLog>(disk_, log_, journal::SegmentLogOptions{});
  books_ = std::make_unique<journal::Books>();
  recovered_ = journal::recover(disk_, *segments_, *books_, true);
}

bool JournalPicture::damaged() const { return recovered_.corrupt_records != 0 || !recovered_.lost.empty(); }

// The books know decisions by their sampler; who sampled, the log says.
void JournalPicture::note_decisions() {
  std::set<std::string> samplers;
  journal::SegmentLog log(disk_, log_, journal::SegmentLogOptions{});
  const auto note = [&](const journal::FoundRecord& found) {
    if (found.head.kind != journal::RecordKind::kDecisions) return;
    if (auto decisions = journal::decode_decisions(found.payload)) samplers.insert(std::move(decisions->first));
  };
  log.open(note, true);
  for (const std::string& sampler : samplers) {
    for (const LoggedDecision& decision : books_->decisions(sampler)) decided_.insert(key(decision.trace));
  }
}

void JournalPicture::each_live(const std::function<void(const LiveRecord&)>& visit) {
  LiveRecord record;
  while ((record.book = books_->next_after(record.number, record.number)) != nullptr) {
    record.route = &books_->routes()[record.book->route];
    load(record);
    visit(record);
  }
}

void JournalPicture::load(LiveRecord& record) {
  record.context = {};
  record.batch = {};
  record.broken.clear();
  journal::RecordHead head;
  BufferRef payload;
  if (const int error = segments_->read(record.book->at, head, payload); error != 0) {
    record.broken = std::strerror(error);
    return;
  }
  std::optional<journal::RequestPayload> request = journal::decode_request(payload->view());
  if (!request) return void(record.broken = "its head cannot be read");
  record.context = std::move(request->context);
  Part part;
  part.bytes = BufferRef::copy_of(request->body);
  const otlp::WalkResult walked = otlp::walk(request->signal, std::move(part), record.batch);
  if (!walked.ok) record.broken = walked.error;
}

}  // namespace weir
