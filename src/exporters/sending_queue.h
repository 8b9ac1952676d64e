// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <list>
#include <memory>
#include <random>
#include <string>
#include <utility>

#include "absl/functional/any_invocable.h"
#include "exporters/bisection.h"
#include "exporters/held_spans.h"
#include "exporters/queue_config.h"
#include "exporters/queue_metrics.h"
#include "exporters/queue_request.h"
#include "exporters/retry.h"
#include "weir/batch.h"
#include "weir/budget.h"
#include "weir/clock.h"
#include "weir/component.h"

namespace weir {

// What a destination said to one export request.
struct SendResult {
  enum class Kind : uint8_t {
    kOk,         // delivered; `rejected` items of it were refused for good (partial success), never sent again
    kRetry,      // try again, not before `retry_after`
    kPermanent,  // never try again as it is: dropped{reason="refused"}
    kTooLarge,   // the same, dropped{reason="too_large"}; smaller requests may be taken
  };
  Kind kind = Kind::kOk;
  uint64_t rejected = 0;
  std::string message;
  Duration retry_after{0};
  // kPermanent: it is the data that is refused, so that a part of it may still be taken (not a missing permission or a
  // service that is not there, which refuse every request).
  bool data_refused = false;
  bool told = false;  // kOk: what was rejected is in the log already
};

// The door to one destination's network (DESIGN law 8, §4): otlp_grpc, otlp_http and remote write have one each; tests
// have scripted ones. send() is called on the queue's home shard; `batch` lives, unchanged, until `done` has been
// called, exactly once, on that same shard (later or at once). Several sends may be under way. After the transport is
// destroyed no `done` is called.
class Transport {
 public:
  virtual ~Transport() = default;
  virtual void send(const Batch& batch, absl::AnyInvocable<void(SendResult)> done) = 0;
};

class QueueBatcher;

// What an exporter says of itself to its queue.
struct QueueSetup {
  QueueConfig queue;
  RetryConfig retry;
  // Labels beside `exporter` on the sent and failed counters: server_address, server_port, url_path.
  Labels destination_labels;
};

// The sending queue before one destination, with retry: the only stage of an exporter (DESIGN §2.8, law 6). It lives on
// the exporter's home shard, takes batches whose parts carry their destination and settles every item there exactly
// once.
//
//   consume -> [at the door, beyond queue_size] -> [batcher] -> ready -> at most num_consumers under way or waiting to
//   retry
//
// What a destination refuses for its data is sent again in halves until what is bad is alone (Bisection), what is too
// large until it fits; the request keeps its consumer meanwhile. With a journal, what is refused in the end is kept for
// the operator to see. Where a sender waits for the outcome, the refusal of what it sent is its answer instead, as in
// the collector.
//
// With a journal, batches that wait while memory is short are spilled: only which items of which records they have
// stays, and their bytes are read back before they are sent. Retries end only where the config says when. At shutdown
// what is journaled and could not be delivered is let go: the next start goes on with it.
//
// A full queue drops no span: batches wait at the door in order, and what they hold is bounded by the byte budget out
// of which admission reserved it. Metrics are bounded here, because nobody can be refused for derived ones: the door
// holds queue_size once more, then its oldest batch is dropped{queue_full}. A batch greater than the whole queue enters
// once the queue is empty. Time comes from on_tick alone; randomness from env.seed.
class SendingQueue final : public Stage {
 public:
  // `home` is needed with a journal: bytes are read back to it.
  SendingQueue(const ComponentEnv& env, QueueSetup setup, std::unique_ptr<Transport> transport, Shard* home = nullptr);
  ~SendingQueue() override;

  void consume(Batch&& batch) override;
  void on_tick(Time now) override;
  // Everything is attempted now, what waits for a retry too; from here on each request has one attempt.
  void flush(Time now) override;
  uint64_t held() const override { return held_.total(); }
  void add_held(std::vector<uint64_t>& by_destination) const override { held_.add_to(by_destination); }
  bool idle() const override;
  void abandon() override;

 private:
  // A request that occupies a consumer: under way, or waiting to be sent again.
  struct Active {
    Active(QueueRequest what, const RetryConfig& retry) : request(std::move(what)), backoff(retry) {}
    QueueRequest request;  // its batch: the piece that is sent now
    Bisection pieces;      // those that come after it
    Backoff backoff;
    Duration first_attempt{0};  // mono
    Duration next_attempt{0};   // mono; read where !under_way
    bool under_way = false;     // sent, or being read back
    bool settled = false;       // abandoned while under way: only its bytes live on
  };
  using ActiveList = std::list<Active>;
  using At = ActiveList::iterator;
  struct Waiting {
    QueueRequest request;
    uint64_t size = 0;
    Reservation paid;  // for its index
  };

  bool has_room(uint64_t size) const;
  Reservation pay_for_index(const Batch& batch) const;
  void enter(QueueRequest request, uint64_t size, Reservation paid);
  void wait_at_door(Batch&& batch, uint64_t size);
  void admit_from_door();
  void pump();
  bool may_start() const;
  void start_next();
  void attempt_soon(At at);
  void attempt(At at);
  void send(At at);
  void on_result(At at, const SendResult& result);
  void deliver(At at, const SendResult& result);
  void retry_or_give_up(At at, const SendResult& result);
  bool out_of_time(const Active& request, Duration delay) const;
  void give_up(At at, DropReason reason, const std::string& why, bool retryable);
  void halve_or_give_up(At at, const SendResult& result);
  bool sender_waits(const Batch& batch) const;
  void finish(At at);
  void attempt_what_is_due();
  void drop(const Batch& batch, const Settled& how);

  // sending_queue_spill.cpp
  // At half of the room: what is on its way here must find place, or its sender is refused.
  bool short_of_memory() const {
    return env_.journal != nullptr && env_.budget != nullptr && env_.budget->used() * 2 > env_.budget->limit();
  }
  bool spill(QueueRequest& request);
  void spill_newest();
  void spill_waiting();
  void read_back(At at);
  void was_read_back(At at, Batch batch, std::vector<SpilledBatch::Lost> lost);
  // sending_queue_drain.cpp
  void let_go(const QueueRequest& request);
  void let_go(const Batch& batch);
  void let_go(const Part& part, std::span<const uint32_t> items, uint64_t weight);
  void let_go(At at);
  void let_go_waiting();
  void show_sizes();

  ComponentEnv env_;
  const QueueSetup setup_;
  QueueMetrics metrics_;
  std::mt19937_64 random_;
  Time now_;
  uint64_t queued_ = 0;  // in units of the queue's sizer, until done
  uint64_t door_size_ = 0;
  HeldSpans held_;
  std::unique_ptr<QueueBatcher> batcher_;  // null without `batch`
  std::deque<Waiting> door_;
  std::deque<QueueRequest> ready_;
  ActiveList active_;
  uint64_t spilled_bytes_ = 0;
  Duration next_spill_{0};       // mono; looking for what may be spilled is linear
  bool some_in_memory_ = false;  // of what waits, since it was looked through
  Shard* home_ = nullptr;
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);  // bytes may come back when this is gone
  bool draining_ = false;
  bool pumping_ = false;
  bool some_due_ = false;  // in active_: attempted when pump() comes round
  bool closing_ = false;
  std::unique_ptr<Transport> transport_;  // last: destroyed first, while what it may still touch is there
};

// Settles a delivered batch of which `rejected` items were refused: spread over its parts in proportion, exact in sum.
void settle_delivered(Ledger& ledger, const Batch& batch, uint64_t rejected, const std::string& message);

// An exporter that is a transport behind a sending queue: all network exporters are. `make_transport` is called once
// per stage, on build.
using MakeTransport = absl::AnyInvocable<std::unique_ptr<Transport>(Shard& home)>;
std::unique_ptr<Exporter> make_queued_exporter(const ComponentEnv& env, QueueSetup setup, MakeTransport make_transport);

}  // namespace weir
