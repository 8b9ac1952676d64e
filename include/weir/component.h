// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "weir/admission.h"
#include "weir/auth.h"
#include "weir/batch.h"
#include "weir/budget.h"
#include "weir/clock.h"
#include "weir/journal.h"
#include "weir/log.h"
#include "weir/settlement.h"
#include "weir/shard.h"
#include "weir/telemetry.h"

namespace weir {

// Where batches go next. Called on one shard's thread; the callee owns the batch from then on and never blocks.
class Consumer {
 public:
  virtual ~Consumer() = default;
  virtual void consume(Batch&& batch) = 0;
};

// What every component gets when it is built. All of it outlives the component.
struct ComponentEnv {
  std::string id;        // as written in the config: "otlp/2"
  std::string pipeline;  // "traces/kept"; empty for exporters, receivers and extensions
  Signal signal = Signal::kTraces;
  Shards* shards = nullptr;
  Clock* clock = nullptr;
  ByteBudget* budget = nullptr;
  Ledger* ledger = nullptr;
  Telemetry* telemetry = nullptr;
  Log* log = nullptr;
  uint64_t seed = 0;           // for all randomness of the component (backoff jitter, stochastic rounding)
  Journal* journal = nullptr;  // null: nothing is journaled
  const Authenticators* authenticators = nullptr;  // null: none is started
};

// A piece of the graph that lives on one shard and is touched by that shard's thread alone: the instance of a processor
// or connector on a shard, or an exporter on its home shard. It has no timer: time comes as on_tick, ordered with
// batches, about every 25 ms.
class Stage : public Consumer {
 public:
  virtual void on_tick(Time now) { (void)now; }
  // Drain at shutdown, in graph order: hand on everything that is held, now (decide traces, flush batches and series).
  // With a journal this is not called for traces that are journaled: they stay where they are, for the next start.
  // Exporters try to send what they have and are asked idle() until the deadline.
  virtual void flush(Time now) { (void)now; }
  // Spans that are inside this stage now, waiting or in flight (Law 4). Read by the owning shard only.
  virtual uint64_t held() const { return 0; }
  // Stages behind an exporter's door serve several destinations: adds what is held of each, by Part::destination.
  // Exporters that keep batches override both.
  virtual void add_held(std::vector<uint64_t>& by_destination) const { (void)by_destination; }
  // Exporters: nothing queued, nothing in flight.
  virtual bool idle() const { return held() == 0; }
  // Exporters, at the deadline: settle all that is left as dropped{reason="shutdown"}.
  virtual void abandon() {}
};

// How a processor or connector spreads over shards.
enum class Placement : uint8_t {
  kEveryShard,   // one stage per shard, any span may come to any of them
  kWholeTraces,  // one stage per shard, the graph sees to it that all spans of a trace come to the same one
  kHomeShard,    // a single stage for the process (an accumulator, or a component with a small written limit)
};

// What the graph tells a stage about its place.
struct StagePlace {
  Shard* shard = nullptr;
  // All destinations behind this stage, each as often as there are ways to it: whoever ends a span's life here settles
  // it at each of them (weir::settle).
  std::vector<DestinationId> downstream;
  // make_observer only, with a journal: what the graph notes of the batches that this observer counted. A checkpoint
  // takes it on this shard, together with the state that holds them. Null without a journal.
  std::shared_ptr<AbsorbedList> absorbed;
};

// A processor of one pipeline. Makes its per-shard stages; what they share for the process is its own state
// (atomics or taken per trace / batch). `next` outlives the stage.
class Processor {
 public:
  virtual ~Processor() = default;
  virtual Placement placement() const = 0;
  // True where the sender's answer must not wait for what is behind (batch, tail_sampling): acceptance ends here.
  virtual bool answers_early() const { return false; }
  virtual std::unique_ptr<Stage> make_stage(const StagePlace& place, Consumer& next) = 0;
};

// The input side of a connector on one shard. It observes batches (const) and never owns them.
class Observer {
 public:
  virtual ~Observer() = default;
  virtual void observe(const Batch& batch) = 0;
  virtual void on_tick(Time now) { (void)now; }
};

// A connector that derives metrics: per-shard observers add to their tables; at each flush the home shard collects,
// sums and encodes them as OTLP metrics bytes and hands them to `output`, the entry of its metrics pipelines, on the
// home shard.
class MetricsConnector {
 public:
  virtual ~MetricsConnector() = default;
  virtual Placement placement() const = 0;
  virtual std::unique_ptr<Observer> make_observer(const StagePlace& place) = 0;
  // Called once on build; home_tick and final_flush run on the home shard. Observers are all made by then.
  virtual void set_output(Shard& home, Consumer& output) = 0;
  virtual void home_tick(Time now) = 0;
  // At shutdown, after all observers are quiet: one last flush; `done` is called (on the home shard) after it was
  // handed on.
  virtual void final_flush(Time now, Task done) = 0;
  // With a journal: takes over the state of its last checkpoint (Journal::restored_state), after set_output and before
  // any shard runs, so it may touch what its observers hold. No flush happens until replay is over.
  virtual void restore(Time now) { (void)now; }
};

// An exporter of one signal: a single stage on its home shard, shared by all pipelines that name it. Parts of its
// batches carry their destination; it settles them there (settle_at_door).
class Exporter {
 public:
  virtual ~Exporter() = default;
  // True where a sender that reached this exporter without an early answer on the way is told the outcome
  // (`sending_queue.enabled: false`, `wait_for_result: true`).
  virtual bool answers_on_delivery() const { return false; }
  virtual std::unique_ptr<Stage> make_stage(Shard& home) = 0;
};

}  // namespace weir
