// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "exporters/prometheus_remote_write/translator.h"
#include "weir/budget.h"
#include "weir/bytes.h"
#include "weir/clock.h"

namespace weir {

// What the receiver said to one request.
struct WriteReply {
  int status = 0;         // 0: no answer
  bool hopeless = false;  // no answer, and none to be had by trying again
  std::string text;       // of the body, or why there was no answer
  Duration retry_after{0};
};

// One request: pieces of one round, up to the size of a request.
struct WriteChunk {
  size_t round = 0;
  std::vector<WritePiece> pieces;
  int refusals = 0;  // times the receiver answered 500 to it
};

// The requests that a batch became, and how far they got (seed-systems §12.2). A request that a receiver refuses
// because of one series in it is cut in halves, so that the rest is stored; what cannot be cut any more is counted and
// left. Survives a retry of the batch: what is stored is not sent again. No network here.
class Delivery {
 public:
  enum class Verdict : uint8_t { kStored, kCut, kAlreadyStored, kRefused, kLater };

  Delivery(Translation translation, uint64_t request_bytes, BufferRef identity, ByteBudget& budget);

  // True where this was made of that batch.
  bool is_of(const Batch& batch) const;
  // Another attempt after retry_later().
  void resume();

  // The next request that may go now; nothing while a round before it is not done, or after one that has to wait.
  bool next(WriteChunk& out);
  // What a request's reply means. Chunks come back in any order.
  Verdict answered(WriteChunk chunk, const WriteReply& reply);

  size_t requests_under_way() const { return under_way_; }
  bool done() const { return chunks_.empty() && under_way_ == 0; }
  bool retry_later() const { return retry_later_ && under_way_ == 0; }
  Duration retry_after() const { return retry_after_; }
  const std::string& message() const { return message_; }  // of the last request that failed
  uint32_t attempts() const { return attempts_; }
  uint64_t already_stored() const { return already_stored_; }
  uint64_t refused() const { return refused_; }  // series
  uint32_t points() const { return points_; }
  // Data points of which something was refused for good, those that have no form in remote write included.
  uint64_t lost_points() const;
  // Whoever reads the log knows of all of them: delta metrics are told of once, refused series each time.
  bool all_told() const { return untold_ == 0; }

 private:
  void split_rounds(std::vector<std::vector<WritePiece>> rounds, uint64_t request_bytes);
  Verdict refuse_or_cut(WriteChunk chunk, bool already_stored);
  Verdict server_error(WriteChunk chunk, const WriteReply& reply);
  Verdict later(WriteChunk chunk, const WriteReply& reply);
  void cut(WriteChunk chunk);

  const BufferRef identity_;  // held, so that no other batch can have the same
  Reservation paid_;
  std::deque<WriteChunk> chunks_;  // in order of their rounds
  std::vector<bool> point_lost_;
  uint32_t points_ = 0;
  uint32_t dropped_ = 0;
  uint32_t untold_ = 0;
  size_t under_way_ = 0;
  size_t round_under_way_ = 0;
  int cuts_left_;
  bool stored_some_ = false;
  bool retry_later_ = false;
  Duration retry_after_{0};
  std::string message_;
  uint32_t attempts_ = 0;
  uint64_t already_stored_ = 0;
  uint64_t refused_ = 0;
};

}  // namespace weir
