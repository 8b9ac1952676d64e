// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "weir/batch.h"
#include "weir/bytes.h"
#include "weir/clock.h"
#include "weir/ids.h"
#include "weir/settlement.h"
#include "weir/shard.h"

namespace weir {

// When a sender of a journaled request hears "ok" (DESIGN §5).
enum class Ack : uint8_t { kMemory, kBuffered, kDurable };

// What a sampler decided on a trace. Numbers are on disk: never change one.
enum class LoggedVerdict : uint8_t { kSampled = 1, kNotSampled = 2, kTooLarge = 3 };
struct LoggedDecision {
  TraceId trace;
  LoggedVerdict verdict = LoggedVerdict::kSampled;
};

// Items of one record that a connector has counted.
struct Absorbed {
  uint64_t record = 0;
  DestinationId destination = kNoDestination;  // the connector's, see StagePlace
  std::vector<uint32_t> items;                 // their numbers in the record
};

// What an observer of a connector has counted since somebody last asked. Touched by one shard only.
class AbsorbedList {
 public:
  void add(Absorbed items) { list_.push_back(std::move(items)); }
  std::vector<Absorbed> take() { return std::exchange(list_, {}); }

 private:
  std::vector<Absorbed> list_;
};

// A request on its way into the journal.
struct AppendRequest {
  Signal signal = Signal::kTraces;
  uint32_t route = 0;  // which destinations count it; see JournalRoute
  uint32_t items = 0;  // records: spans, metrics, log records
  BufferRef bytes;     // the whole ExportXServiceRequest
  ContextRef context;
  Ack ack = Ack::kDurable;
};
struct AppendResult {
  bool ok = false;
  // ok: the account of the record, and its number: the request's sequence.
  OriginRef account;
  uint64_t sequence = 0;
  // ok: replay is still under way and will hand this request on from the journal, after what came before it.
  bool delivered_by_replay = false;
  // not ok: why, in words for the sender, who is to try again (the bytes are not safe).
  std::string error;
  Duration retry_after{0};
};

// The journal as stages see it (DESIGN §5). Every call is thread-safe and returns at once; what it leads to is posted
// to the shard `back`. ComponentEnv::journal is null where nothing is journaled.
class Journal {
 public:
  virtual ~Journal() = default;

  virtual void append(AppendRequest request, Shard& back, absl::AnyInvocable<void(AppendResult)> done) = 0;

  // Decisions of a sampler (its key: pipeline + " " + component id), to be on disk before their spans leave: `written`
  // comes when they are as safe as an ack is. While the disk fails it waits.
  virtual void append_decisions(const std::string& sampler, std::vector<LoggedDecision> decisions, Shard& back,
                                Task written) = 0;
  // What is binding from before the start, for all shards. Read while the graph is built.
  virtual std::vector<LoggedDecision> restored_decisions(const std::string& sampler) const = 0;

  // A component's whole state together with what it has counted since its last checkpoint (one atomic step: after a
  // crash the state holds exactly what was absorbed). `durable(ok)`: ok is false where the disk failed; the state is
  // then tried again with the next one.
  virtual void checkpoint(const std::string& component, std::string state, std::vector<Absorbed> absorbed, Shard& back,
                          absl::AnyInvocable<void(bool ok)> durable) = 0;
  // The component's state of the last checkpoint before the start; "" where there is none. Read while the graph is
  // built.
  virtual std::string restored_state(const std::string& component) const = 0;
  // Goes up each time the journal wants checkpoints (10 s, 64 MiB). Components compare it with what they last saw.
  virtual uint64_t checkpoint_round() const = 0;

  // Puts bytes that no record holds on disk, to be read back by the number of what is returned. They stay in memory
  // until they are written, and as long as others hold them.
  virtual SpilledRef spill(BufferRef bytes) = 0;
  // The bytes of a live record, or of what was spilled, read back; null where they cannot be read any more. The memory
  // is taken from the budget even beyond its limit: ask for few at a time.
  virtual void read(uint64_t number, Shard& back, absl::AnyInvocable<void(BufferRef)> done) = 0;

  // Keeps items that a destination refused for the operator to look at: an ExportXServiceRequest and why.
  virtual void keep_refused(Signal signal, std::string request, std::string destination, std::string message) = 0;
};

}  // namespace weir
