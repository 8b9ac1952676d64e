// SPDX-License-Identifier: Apache-2.0
#include "exporters/spilled_batch.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "otlp/batch_ops.h"
#include "otlp/encoder.h"
#include "otlp/walker.h"

namespace weir {

struct SpilledBatch::Reading {
  std::vector<Piece> pieces;
  std::vector<BufferRef> bytes;
  size_t missing = 0;
  Signal signal;
  ContextRef context;
  Done done;
};

namespace {

// The request that waits, and its place in the queue.
constexpr uint64_t kPlace = 80;

uint64_t bytes_of(const Context& context) {
  uint64_t bytes = sizeof(Context);
  for (const auto& [name, value] : context.metadata) bytes += sizeof(context.metadata[0]) + name.size() + value.size();
  return bytes;
}

uint32_t item_of(const Batch& batch, uint32_t index) {
  return batch.signal == Signal::kTraces ? batch.spans[index].item : batch.items[index].item;
}

// What came with one request to one destination.
struct Group {
  Part part;  // without bytes
  bool rewritten = false;
  std::vector<uint32_t> indices;
};

// Of each part, the number of its group.
std::vector<uint32_t> group_parts(const Batch& batch, std::vector<Group>& groups) {
  std::vector<uint32_t> group_of;
  for (const Part& part : batch.parts) {
    const auto same = [&part](const Group& group) {
      return group.part.origin == part.origin && group.part.destination == part.destination;
    };
    auto group = std::find_if(groups.begin(), groups.end(), same);
    if (group == groups.end()) {
      group = groups.insert(groups.end(), Group{part, false, {}});
      group->part.bytes = {};
      group->part.spilled.reset();
    }
    group->rewritten |= part.rewritten;
    group_of.push_back(static_cast<uint32_t>(group - groups.begin()));
  }
  return group_of;
}

// Gives the items back the numbers that they have in their request.
void number(Batch& batch, const std::vector<uint32_t>& items) {
  for (size_t i = 0; i < batch.spans.size(); ++i) batch.spans[i].item = items[i];
  for (size_t i = 0; i < batch.items.size(); ++i) batch.items[i].item = items[i];
}

}  // namespace

bool SpilledBatch::possible(const Batch& batch) {
  return std::all_of(batch.parts.begin(), batch.parts.end(), [](const Part& part) { return part.is_journaled(); });
}

SpilledBatch::SpilledBatch(const Batch& batch, const Stores& stores) : signal_(batch.signal) {
  if (batch.context && !batch.context->metadata.empty()) context_ = batch.context;
  std::vector<Group> groups;
  const std::vector<uint32_t> group_of = group_parts(batch, groups);
  const size_t records = otlp::record_count(batch);
  for (uint32_t i = 0; i < records; ++i) {
    const uint32_t part = signal_ == Signal::kTraces ? batch.spans[i].part : batch.items[i].part;
    groups[group_of[part]].indices.push_back(i);
  }
  for (Group& group : groups) {
    if (group.indices.empty()) continue;
    Piece& piece = pieces_.emplace_back();
    piece.part = std::move(group.part);
    if (batch.whole && !group.rewritten) {
      piece.whole = static_cast<uint32_t>(records);
    } else {
      piece.items.reserve(group.indices.size());
      for (const uint32_t index : group.indices) piece.items.push_back(item_of(batch, index));
    }
    group.rewritten ? spill(batch, group.indices, piece, stores) : leave_to_journal(batch, piece);
  }
  pay(stores.budget);
}

void SpilledBatch::pay(ByteBudget& budget) {
  uint64_t bytes = sizeof(SpilledBatch) + kPlace;
  if (pieces_.size() > 1) bytes += pieces_.capacity() * sizeof(Piece);
  if (context_) bytes += bytes_of(*context_);
  for (const Piece& piece : pieces_) bytes += piece.items.capacity() * sizeof(uint32_t);
  paid_ = Reservation::take(budget, bytes);
}

std::vector<uint32_t> SpilledBatch::items_of(const Piece& piece) {
  if (piece.whole == 0) return piece.items;
  std::vector<uint32_t> all(piece.whole);
  std::iota(all.begin(), all.end(), 0);
  return all;
}

void SpilledBatch::leave_to_journal(const Batch& batch, Piece& piece) {
  std::sort(piece.items.begin(), piece.items.end());
  for (const Part& part : batch.parts) {
    if (part.origin == piece.part.origin && part.bytes) bytes_ += part.bytes->size();
  }
}

// The items as a request of their own: what was rewritten lies in several parts, which hold more than these.
void SpilledBatch::spill(const Batch& batch, std::span<const uint32_t> indices, Piece& piece, const Stores& stores) {
  const Batch chosen = otlp::select(batch, indices, otlp::TopLevel::kDrop);
  const otlp::Encoded encoded = otlp::encode(chosen);
  BufferRef bytes =
      BufferRef::allocate(static_cast<uint32_t>(encoded.size), Reservation::take(stores.budget, encoded.size));
  char* to = bytes->data();
  for (const std::string_view part : encoded.pieces) to = std::copy(part.begin(), part.end(), to);
  bytes_ += bytes->size();
  piece.part.rewritten = true;
  piece.part.spilled = stores.journal.spill(std::move(bytes));
}

void SpilledBatch::read_back(Journal& journal, Shard& home, Done done) const {
  auto reading = std::make_shared<Reading>();
  reading->pieces.assign(pieces_.begin(), pieces_.end());
  reading->bytes.resize(pieces_.size());
  reading->missing = pieces_.size();
  reading->signal = signal_;
  reading->context = context_;
  reading->done = std::move(done);
  for (size_t i = 0; i < pieces_.size(); ++i) {
    journal.read(pieces_[i].part.stored_as(), home, [reading, i](BufferRef bytes) {
      reading->bytes[i] = std::move(bytes);
      if (--reading->missing > 0) return;
      Batch batch;
      batch.signal = reading->signal;
      std::vector<Lost> lost;
      for (size_t k = 0; k < reading->pieces.size(); ++k) {
        assemble(reading->pieces[k], reading->signal, std::move(reading->bytes[k]), batch, lost);
      }
      batch.context = reading->context;
      reading->done(std::move(batch), std::move(lost));
    });
  }
}

void SpilledBatch::assemble(const Piece& piece, Signal signal, BufferRef bytes, Batch& out, std::vector<Lost>& lost) {
  Part part = piece.part;
  part.bytes = std::move(bytes);
  part.spilled.reset();
  Batch batch;
  if (!part.bytes || !otlp::walk(signal, std::move(part), batch).ok) {
    return lost.push_back({piece.part, items_of(piece)});
  }
  if (piece.part.rewritten) number(batch, piece.items);
  if (piece.whole > 0 || piece.part.rewritten) return otlp::append(out, std::move(batch));
  std::vector<uint32_t> indices;
  const size_t records = otlp::record_count(batch);
  for (uint32_t i = 0; i < records; ++i) {
    if (std::binary_search(piece.items.begin(), piece.items.end(), item_of(batch, i))) indices.push_back(i);
  }
  otlp::append(out, otlp::select(batch, indices, otlp::TopLevel::kDrop));
}

}  // namespace weir
