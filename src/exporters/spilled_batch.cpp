// SPDX-License-Identifier: Apache-2.0
#include "exporters/spilled_batch.h"

#include <algorithm>
#include <utility>

#include "otlp/batch_ops.h"
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

bool SpilledBatch::possible(const Batch& batch) {
  return std::all_of(batch.parts.begin(), batch.parts.end(), [](const Part& part) { return part.in_journal(); });
}

SpilledBatch::SpilledBatch(const Batch& batch) : signal_(batch.signal), context_(batch.context) {
  weir::for_each_part(batch, [&](const Part& part, std::span<const uint32_t> items, uint64_t) {
    Piece& piece = pieces_.emplace_back();
    piece.part = part;
    piece.part.bytes = {};
    piece.items.assign(items.begin(), items.end());
    std::sort(piece.items.begin(), piece.items.end());
    piece.whole = batch.whole;
    bytes_ += part.bytes ? part.bytes->size() : 0;
  });
}

void SpilledBatch::read_back(Journal& journal, Shard& home, Done done) const {
  auto reading = std::make_shared<Reading>();
  reading->pieces = pieces_;
  reading->bytes.resize(pieces_.size());
  reading->missing = pieces_.size();
  reading->signal = signal_;
  reading->context = context_;
  reading->done = std::move(done);
  for (size_t i = 0; i < pieces_.size(); ++i) {
    journal.read(pieces_[i].part.origin->record(), home, [reading, i](BufferRef bytes) {
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
  Batch batch;
  if (!part.bytes || !otlp::walk(signal, std::move(part), batch).ok) {
    return lost.push_back({piece.part, piece.items});
  }
  if (piece.whole) return otlp::append(out, std::move(batch));
  std::vector<uint32_t> indices;
  const size_t records = otlp::record_count(batch);
  for (uint32_t i = 0; i < records; ++i) {
    const uint32_t item = signal == Signal::kTraces ? batch.spans[i].item : batch.items[i].item;
    if (std::binary_search(piece.items.begin(), piece.items.end(), item)) indices.push_back(i);
  }
  otlp::append(out, otlp::select(batch, indices, otlp::TopLevel::kDrop));
}

}  // namespace weir
