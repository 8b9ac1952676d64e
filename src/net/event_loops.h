// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "weir/clock.h"
#include "weir/shard.h"

namespace weir::net {

// The shards of the process: N event loops with a thread each. Order of use: construct, start_ticks and on_signal, run,
// …, stop, join. Sockets, servers and clients of src/net live on these shards (they need no other implementation of
// Shard).
//
// post() may be called from any thread, before run() too. What is still in an inbox at stop() is not run; it is
// destroyed with this object, so things that tasks refer to are to outlive it or be held by the tasks.
class EventLoops final : public Shards {
 public:
  // `clock` gives the time of ticks and outlives this. SIGPIPE is ignored from here on.
  EventLoops(uint32_t count, const Clock& clock);
  ~EventLoops() override;  // stops and joins

  uint32_t size() const override;
  Shard& at(uint32_t index) override;

  // on_tick runs on every loop's own thread about every `period`; ticks that were missed are not made up for. Before
  // run().
  void start_ticks(Duration period, std::function<void(uint32_t shard, Time now)> on_tick);
  // Runs `handler` on loop 0 for every arrival of the signal; an empty handler ignores the signal. Before run().
  void on_signal(int signal, std::function<void()> handler);

  void run();   // starts the threads and returns
  void stop();  // loops end after the tasks at hand; any thread
  void join();  // waits for the threads; not from a loop

  // Stops the world: `work` runs while no loop runs anything else, so it sees (and may touch) the state of all shards
  // as one consistent whole. Then `then` is posted to the loop that asked, or to loop 0 where a thread of no loop did.
  // Any thread, never blocks the caller. Work that is pending at stop() runs in join(). Without running loops, both run
  // at once on the caller.
  void exclusive(Task work, Task then);
  // The same, waiting until `work` has run. Not from a loop.
  void run_exclusive(const std::function<void()>& work);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace weir::net
