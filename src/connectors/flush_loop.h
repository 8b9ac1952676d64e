// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <atomic>
#include <memory>
#include <string>
#include <utility>
#include <vector>

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
template <class Delta>
class FlushLoop : public MetricsConnector {
 public:
  void set_output(Shard& home, Consumer& output) final {
    home_ = &home;
    output_ = &output;
  }

  void home_tick(Time now) final {
    last_tick_ = now;
    if (interval_ <= Duration::zero()) return;
    if (next_flush_ == Duration::zero()) next_flush_ = now.mono + interval_;
    if (now.mono < next_flush_ || collecting_) return;
    next_flush_ = std::max(next_flush_ + interval_, now.mono);
    collect(now, {});
  }

  void final_flush(Time now, Task done) final {
    last_tick_ = now;
    if (collecting_) {
      waiting_final_ = std::move(done);
      return;
    }
    collect(now, std::move(done));
  }

 protected:
  // interval <= 0: no flush by time, only by flush_soon and at the end.
  FlushLoop(Duration interval, const ComponentEnv& env) : env_(env), interval_(interval) {}

  void add_source(Shard& shard, std::shared_ptr<DeltaSource<Delta>> source) {
    sources_.push_back({&shard, std::move(source)});
  }

  // Any thread: a flush as soon as the home shard comes to it.
  void flush_soon() {
    if (flush_asked_.exchange(true)) return;
    home_->post([this] {
      flush_asked_ = false;
      if (!collecting_) {
        collect(last_tick_, {});
      } else {
        ask_again_ = true;
      }
    });
  }

  // Adds the deltas to the totals and sends them on. `last`: nothing follows, so everything must leave with its real
  // value.
  virtual void flush(std::vector<Delta> deltas, Time now, bool last) = 0;

  void send(std::string request) {
    if (request.empty()) return;
    Part part;
    part.bytes = BufferRef::copy_of(request, Reservation::take(*env_.budget, request.size()));
    Batch batch;
    const otlp::WalkResult result = otlp::walk(Signal::kMetrics, std::move(part), batch);
    if (result.ok) return output_->consume(std::move(batch));
    env_.log->error(env_.id, "derived metrics do not parse", {{"error", result.error}});
  }

  // Wall time of a flush's points: strictly increasing, whatever the clock does, with room for zeros one step earlier.
  uint64_t point_time(Time now, Duration offset = Duration::zero()) {
    const auto wall = static_cast<uint64_t>((now.wall - offset).count());
    last_point_ns_ = std::max(wall, last_point_ns_ + 2 * kLeastStepNs);
    return last_point_ns_;
  }

  const ComponentEnv& env() const { return env_; }

  // Remote write knows milliseconds; points closer than that would be one.
  static constexpr uint64_t kLeastStepNs = 1'000'000;

 private:
  struct Source {
    Shard* shard;
    std::shared_ptr<DeltaSource<Delta>> source;
  };

  void collect(Time now, Task done) {
    collecting_ = true;
    deltas_.clear();
    deltas_.resize(sources_.size());
    missing_ = sources_.size();
    done_ = std::move(done);
    if (missing_ == 0) return finish(now);
    for (size_t i = 0; i < sources_.size(); ++i) {
      sources_[i].shard->post([this, i, now, source = sources_[i].source]() mutable {
        home_->post([this, i, now, delta = source->take()]() mutable {
          deltas_[i] = std::move(delta);
          if (--missing_ == 0) finish(now);
        });
      });
    }
  }

  void finish(Time now) {
    const bool last = static_cast<bool>(done_);
    flush(std::move(deltas_), now, last);
    deltas_.clear();
    collecting_ = false;
    if (last) return std::exchange(done_, {})();
    if (waiting_final_) return collect(last_tick_, std::exchange(waiting_final_, {}));
    if (std::exchange(ask_again_, false)) flush_soon();
  }

  ComponentEnv env_;
  Duration interval_;
  Shard* home_ = nullptr;
  Consumer* output_ = nullptr;
  std::vector<Source> sources_;
  Time last_tick_;
  Duration next_flush_{0};
  bool collecting_ = false;
  bool ask_again_ = false;
  std::atomic<bool> flush_asked_{false};
  std::vector<Delta> deltas_;
  size_t missing_ = 0;
  Task done_;
  Task waiting_final_;
  uint64_t last_point_ns_ = 0;
};

}  // namespace weir
