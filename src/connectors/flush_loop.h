// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/binary.h"
#include "otlp/walker.h"
#include "weir/component.h"

namespace weir {

// What a shard has counted since the last flush; asked for on that shard's thread.
template <class Delta>
class DeltaSource {
 public:
  virtual ~DeltaSource() = default;
  virtual Delta take() = 0;
};

// The home side of a connector that derives metrics: at each flush it collects what every shard has counted since the
// last one, and hands the encoded requests on. All members run on the home shard but add_source (while the graph is
// built) and flush_soon.
//
// With a journal, what is sent is never ahead of what a crash leaves: the totals with all that is about to be sent are
// checkpointed, together with the items that they hold, and only when that is durable the requests leave. So a series
// that a checkpoint does not know was never sent, and one that it knows goes on from where it was. (While the disk
// fails, points leave all the same: series that stand still would tell nothing about the failure.)
template <class Delta>
class FlushLoop : public MetricsConnector {
 public:
  void set_output(Shard& home, Consumer& output) final {
    home_ = &home;
    output_ = &output;
  }

  void home_tick(Time now) final {
    last_tick_ = now;
    started_ = true;
    if (interval_ > Duration::zero() && next_flush_ == Duration::zero()) next_flush_ = now.mono + interval_;
    if (busy_) return;
    if (interval_ > Duration::zero() && now.mono >= next_flush_) {
      next_flush_ = std::max(next_flush_ + interval_, now.mono);
      collect(now, true, {});
    } else if (std::exchange(ask_again_, false)) {
      collect(now, true, {});
    } else if (env_.journal != nullptr && env_.journal->checkpoint_round() != round_) {
      collect(now, false, {});
    }
  }

  void final_flush(Time now, Task done) final {
    last_tick_ = now;
    if (busy_) {
      waiting_final_ = std::move(done);
      return;
    }
    collect(now, true, std::move(done));
  }

  void restore(Time now) final {
    const std::string state = env_.journal->restored_state(env_.id);
    if (state.empty()) return;
    ByteReader in(state);
    const bool same_version = in.fixed<uint8_t>() == kStateVersion;
    const bool same_shape = in.fixed<uint64_t>() == shape();
    const auto last_point_ns = in.template fixed<uint64_t>();
    if (same_version) last_point_ns_ = last_point_ns;
    if (same_version && same_shape && load(in, now)) return;
    env_.log->warn(env_.id, "the series of the last run cannot be continued: their counters start anew",
                   {{"reason", same_version && !same_shape ? "the config has changed" : "unknown form"}});
  }

 protected:
  // interval <= 0: no flush by time, only by flush_soon and at the end.
  FlushLoop(Duration interval, const ComponentEnv& env) : env_(env), interval_(interval) {}

  void add_source(const StagePlace& place, std::shared_ptr<DeltaSource<Delta>> source) {
    sources_.push_back({place.shard, std::move(source), place.absorbed});
  }

  // Any thread: a flush as soon as the home shard comes to it.
  void flush_soon() {
    if (flush_asked_.exchange(true)) return;
    home_->post([this] {
      flush_asked_ = false;
      const bool replaying = env_.journal != nullptr && !started_;  // the first tick here comes after replay
      if (busy_ || replaying) {
        ask_again_ = true;
      } else {
        collect(last_tick_, true, {});
      }
    });
  }

  // Adds the deltas to the totals.
  virtual void absorb(std::vector<Delta> deltas) = 0;
  // All points, as requests in the order in which they are to be sent; they count as sent. `last`: nothing follows, so
  // everything must leave with its real value. `state`: null, or where to put the totals as a restart shall find them
  // once the requests were sent.
  virtual std::vector<std::string> flush(Time now, bool last, std::string* state) = 0;
  // The totals while nothing is being sent.
  virtual void save(std::string& state, Time now) const = 0;
  // What save() or flush() has put into a state; false, and nothing is taken over, where it is something else.
  virtual bool load(ByteReader& in, Time now) = 0;
  // A number that changes with whatever in the config makes old totals useless.
  virtual uint64_t shape() const = 0;

  // Wall time of a flush's points: strictly increasing, whatever the clock does, also over a restart with a journal;
  // with room for zeros one step earlier.
  uint64_t point_time(Time now, Duration offset = Duration::zero()) {
    const auto wall = static_cast<uint64_t>((now.wall - offset).count());
    last_point_ns_ = std::max(wall, last_point_ns_ + 2 * kLeastStepNs);
    return last_point_ns_;
  }

  const ComponentEnv& env() const { return env_; }

  // Remote write knows milliseconds; points closer than that would be one.
  static constexpr uint64_t kLeastStepNs = 1'000'000;

 private:
  // A state: version, shape, time of the last points, then what the connector puts there.
  static constexpr uint8_t kStateVersion = 1;
  static constexpr std::ptrdiff_t kUnsentKept = 8;

  struct Source {
    Shard* shard;
    std::shared_ptr<DeltaSource<Delta>> source;
    std::shared_ptr<AbsorbedList> absorbed;  // null without a journal
  };

  // One at a time. `sending` false: only for a checkpoint.
  void collect(Time now, bool sending, Task done) {
    busy_ = true;
    if (env_.journal != nullptr) round_ = env_.journal->checkpoint_round();
    deltas_.clear();
    deltas_.resize(sources_.size());
    missing_ = sources_.size();
    done_ = std::move(done);
    if (missing_ == 0) return finish(now, sending);
    for (size_t i = 0; i < sources_.size(); ++i) {
      sources_[i].shard->post([this, i, now, sending, source = sources_[i]]() mutable {
        std::vector<Absorbed> absorbed;
        if (source.absorbed) absorbed = source.absorbed->take();
        home_->post([this, i, now, sending, delta = source.source->take(), absorbed = std::move(absorbed)]() mutable {
          deltas_[i] = std::move(delta);
          std::move(absorbed.begin(), absorbed.end(), std::back_inserter(absorbed_));
          if (--missing_ == 0) finish(now, sending);
        });
      });
    }
  }

  void finish(Time now, bool sending) {
    absorb(std::move(deltas_));
    deltas_.clear();
    if (env_.journal != nullptr) return checkpoint(now, sending);
    for (std::string& request : flush(now, static_cast<bool>(done_), nullptr)) send(std::move(request));
    end_round();
  }

  // A last flush is one like any other here: the next start goes on.
  void checkpoint(Time now, bool sending) {
    std::string state;
    state.reserve(state_size_ + state_size_ / 8);
    put_fixed(state, kStateVersion);
    put_fixed(state, shape());
    const size_t time_at = state.size();
    put_fixed(state, last_point_ns_);
    std::vector<std::string> requests;
    if (sending) {
      requests = flush(now, false, &state);
    } else {
      save(state, now);
    }
    std::memcpy(state.data() + time_at, &last_point_ns_, sizeof last_point_ns_);
    state_size_ = state.size();
    env_.journal->checkpoint(env_.id, std::move(state), std::exchange(absorbed_, {}), *home_,
                             [this, requests = std::move(requests)](bool durable) mutable {
                               send_when_durable(std::move(requests), durable);
                               end_round();
                             });
  }

  // What nobody could take up again after a crash is not said: it waits for a checkpoint that is durable. Newer points
  // make old ones needless, so a few requests are kept.
  void send_when_durable(std::vector<std::string> requests, bool durable) {
    std::move(requests.begin(), requests.end(), std::back_inserter(unsent_));
    if (!durable) {
      if (std::ssize(unsent_) > kUnsentKept) unsent_.erase(unsent_.begin(), unsent_.end() - kUnsentKept);
      return;
    }
    for (std::string& request : std::exchange(unsent_, {})) send(std::move(request));
  }

  void end_round() {
    busy_ = false;
    if (done_) {
      ask_again_ = false;
      return std::exchange(done_, {})();
    }
    if (waiting_final_) return collect(last_tick_, true, std::exchange(waiting_final_, {}));
    if (std::exchange(ask_again_, false)) flush_soon();
  }

  void send(std::string request) {
    if (request.empty()) return;
    Part part;
    part.bytes = BufferRef::copy_of(request, Reservation::take(*env_.budget, request.size()));
    Batch batch;
    const otlp::WalkResult result = otlp::walk(Signal::kMetrics, std::move(part), batch);
    if (result.ok) return output_->consume(std::move(batch));
    env_.log->error(env_.id, "derived metrics do not parse", {{"error", result.error}});
  }

  ComponentEnv env_;
  Duration interval_;
  Shard* home_ = nullptr;
  Consumer* output_ = nullptr;
  std::vector<Source> sources_;
  Time last_tick_;
  bool started_ = false;  // ticked: with a journal, replay is over
  Duration next_flush_{0};
  bool busy_ = false;  // a round is under way, until its requests are handed on
  bool ask_again_ = false;
  std::atomic<bool> flush_asked_{false};
  std::vector<Delta> deltas_;
  std::vector<Absorbed> absorbed_;
  std::vector<std::string> unsent_;  // built, but the disk failed
  size_t missing_ = 0;
  Task done_;
  Task waiting_final_;
  uint64_t last_point_ns_ = 0;
  uint64_t round_ = 0;     // of checkpoints, the last one that was looked at
  size_t state_size_ = 0;  // of the last checkpoint
};

}  // namespace weir
