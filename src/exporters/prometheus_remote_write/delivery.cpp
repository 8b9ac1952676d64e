// SPDX-License-Identifier: Apache-2.0
#include "exporters/prometheus_remote_write/delivery.h"

#include <algorithm>

namespace weir {
namespace {

constexpr int kCutsPerBatch = 48;      // halvings; bounds the requests that a broken batch can cost
constexpr int kRefusalsBeforeCut = 5;  // a request that is answered 500 so often is suspected itself

bool says(const WriteReply& reply, std::string_view text) { return reply.text.find(text) != std::string::npos; }

// The receiver has this sample, or a later one, of a series in the request.
bool is_already_stored(const WriteReply& reply) {
  return says(reply, "out of order sample") || says(reply, "duplicate sample for timestamp") ||
         says(reply, "out-of-order");
}

}  // namespace

Delivery::Delivery(Translation translation, uint64_t request_bytes, BufferRef identity, ByteBudget& budget)
    : identity_(std::move(identity)),
      paid_(Reservation::take(budget, translation.bytes)),
      point_lost_(translation.points, false),
      points_(translation.points),
      dropped_(translation.dropped),
      untold_(translation.dropped - translation.delta),
      cuts_left_(kCutsPerBatch) {
  split_rounds(std::move(translation.rounds), request_bytes);
}

void Delivery::split_rounds(std::vector<std::vector<WritePiece>> rounds, uint64_t request_bytes) {
  for (size_t round = 0; round < rounds.size(); ++round) {
    uint64_t bytes = request_bytes + 1;  // the first piece begins a chunk
    for (WritePiece& piece : rounds[round]) {
      bytes += piece.bytes.size();
      if (bytes > request_bytes) {
        chunks_.push_back({round, {}});
        bytes = piece.bytes.size();
      }
      chunks_.back().pieces.push_back(std::move(piece));
    }
  }
}

bool Delivery::is_of(const Batch& batch) const { return !batch.parts.empty() && batch.parts[0].bytes == identity_; }

void Delivery::resume() {
  retry_later_ = false;
  retry_after_ = Duration{0};
  ++attempts_;
}

bool Delivery::next(WriteChunk& out) {
  if (chunks_.empty() || retry_later_) return false;
  if (under_way_ > 0 && chunks_.front().round != round_under_way_) return false;
  out = std::move(chunks_.front());
  chunks_.pop_front();
  round_under_way_ = out.round;
  ++under_way_;
  return true;
}

Delivery::Verdict Delivery::answered(WriteChunk chunk, const WriteReply& reply) {
  --under_way_;
  if (reply.status >= 200 && reply.status < 300) {
    stored_some_ = true;
    return Verdict::kStored;
  }
  message_ = reply.status == 0
                 ? reply.text
                 : "remote write returned HTTP status " + std::to_string(reply.status) + "; " + reply.text;
  if (reply.status == 0)
    return reply.hopeless ? refuse_or_cut(std::move(chunk), false) : later(std::move(chunk), reply);
  if (reply.status == 429) return later(std::move(chunk), reply);
  if (reply.status >= 500) return server_error(std::move(chunk), reply);
  if (reply.status == 400 || reply.status == 413) return refuse_or_cut(std::move(chunk), is_already_stored(reply));
  cuts_left_ = 0;  // not about the contents
  return refuse_or_cut(std::move(chunk), false);
}

Delivery::Verdict Delivery::refuse_or_cut(WriteChunk chunk, bool already_stored) {
  if (chunk.pieces.size() > 1 && cuts_left_ > 0) {
    cut(std::move(chunk));
    return Verdict::kCut;
  }
  if (already_stored) {
    already_stored_ += chunk.pieces.size();
    return Verdict::kAlreadyStored;
  }
  refused_ += chunk.pieces.size();
  for (const WritePiece& piece : chunk.pieces) {
    if (piece.point < point_lost_.size()) point_lost_[piece.point] = true;
  }
  return Verdict::kRefused;
}

// Retried, but a request that is the cause of it must not stand before all others for ever: some faults of a request
// are answered 500 by receivers (duplicate labels, native histograms they cannot take).
Delivery::Verdict Delivery::server_error(WriteChunk chunk, const WriteReply& reply) {
  if (reply.status != 500) return later(std::move(chunk), reply);
  if (says(reply, "native histograms are disabled")) {
    cuts_left_ = 0;
    return refuse_or_cut(std::move(chunk), false);
  }
  if (++chunk.refusals < kRefusalsBeforeCut) return later(std::move(chunk), reply);
  if (chunk.pieces.size() > 1 && cuts_left_ > 0) return refuse_or_cut(std::move(chunk), false);
  // The last suspect. It is given up only where the receiver took something else in the meantime.
  return stored_some_ ? refuse_or_cut(std::move(chunk), false) : later(std::move(chunk), reply);
}

Delivery::Verdict Delivery::later(WriteChunk chunk, const WriteReply& reply) {
  chunks_.push_front(std::move(chunk));
  retry_later_ = true;
  retry_after_ = std::max(retry_after_, reply.retry_after);
  return Verdict::kLater;
}

void Delivery::cut(WriteChunk chunk) {
  --cuts_left_;
  const auto middle = chunk.pieces.begin() + static_cast<std::ptrdiff_t>(chunk.pieces.size() / 2);
  WriteChunk second{
      chunk.round, {std::make_move_iterator(middle), std::make_move_iterator(chunk.pieces.end())}, chunk.refusals};
  chunk.pieces.erase(middle, chunk.pieces.end());
  chunks_.push_front(std::move(second));
  chunks_.push_front(std::move(chunk));
}

uint64_t Delivery::lost_points() const {
  return dropped_ + static_cast<uint64_t>(std::count(point_lost_.begin(), point_lost_.end(), true));
}

}  // namespace weir
