// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace weir {

// Law 4: what becomes of a span at a destination. `admitted = exported + sampled_out + filtered + dropped{reason} +
// held`.
enum class Outcome : uint8_t { kExported, kSampledOut, kFiltered, kDropped };
inline constexpr int kOutcomes = 4;

// Why a span was dropped. One enum for the whole process; no drop compiles without a reason.
enum class DropReason : uint8_t {
  kQueueFull,
  kRetriesExhausted,
  kRefused,
  kRejected,
  kTooLarge,
  kProcessorError,
  kCorrupt,
  kEvicted,
  kShutdown,
  kDestinationRemoved,
};
inline constexpr int kDropReasons = 10;

std::string_view name_of(Outcome outcome);
std::string_view name_of(DropReason reason);

// One way for a span's life to end. `detail` is for the log and for a sender that waits for delivery.
struct Settled {
  Outcome outcome = Outcome::kExported;
  DropReason reason = DropReason::kRefused;  // read only where outcome is kDropped
  bool retryable = false;                    // a sender that waits for delivery may try again
  std::string detail = {};

  static Settled exported() { return {}; }
  static Settled sampled_out() { return {.outcome = Outcome::kSampledOut}; }
  static Settled filtered() { return {.outcome = Outcome::kFiltered}; }
  static Settled dropped(DropReason reason, std::string detail = {}, bool retryable = false) {
    return {Outcome::kDropped, reason, retryable, std::move(detail)};
  }
};

// Index of a destination, a leaf (pipeline, exporter), in the ledger. Given out when the graph is built.
using DestinationId = uint32_t;
inline constexpr DestinationId kNoDestination = UINT32_MAX;

// The account of one admitted request, where somebody waits for it: a sender that asked for delivery, or the journal's
// record. Counted per destination, apart from the lifetime of the bytes. Thread-safe.
class Origin {
 public:
  virtual ~Origin() = default;
  // `items`: numbers of the items in the request (SpanRecord::item), each once; `weight`: what they count (spans, data
  // points, log records).
  virtual void settle(DestinationId destination, std::span<const uint32_t> items, uint64_t weight,
                      const Settled& how) = 0;
  // The journal's record of the request, from which its bytes can be read back; 0 where there is none.
  virtual uint64_t record() const { return 0; }
  // A replayed record of which something was settled before the start: what that was. Whoever would settle or export
  // such an item again leaves it out (weir::settle and the doors do).
  virtual bool partly_settled() const { return false; }
  virtual bool settled_before(DestinationId destination, uint32_t item) const {
    (void)destination, (void)item;
    return false;
  }
};
using OriginRef = std::shared_ptr<Origin>;

// The process's books: per destination what was admitted and how it ended. Thread-safe; called once per batch part.
// What is held is not computed from these: stages count it themselves (Stage::held), so that the identity can fail.
class Ledger {
 public:
  struct Account {
    std::string pipeline;
    std::string exporter;
    bool observer = false;  // a connector's: an account of the journal, no destination of law 4
    std::atomic<uint64_t> admitted{0};
    std::atomic<uint64_t> replayed{0};  // of admitted: restored from the journal at start
    // Items inside the process that were settled here before the start; they travel with the rest of their request, as
    // far as somebody would settle them.
    std::atomic<uint64_t> ghosts{0};
    std::array<std::atomic<uint64_t>, kOutcomes> outcomes{};  // kDropped: the sum over reasons
    std::array<std::atomic<uint64_t>, kDropReasons> dropped{};

    uint64_t settled() const;
  };

  // Only while the graph is built, before any shard runs.
  DestinationId add_destination(std::string pipeline, std::string exporter, bool observer = false);
  void admit(DestinationId destination, uint64_t spans);
  void admit_replayed(DestinationId destination, uint64_t spans, uint64_t ghosts);
  void ghosts_gone(DestinationId destination, uint64_t spans);
  void settle(DestinationId destination, uint64_t spans, const Settled& how);

  size_t size() const { return accounts_.size(); }
  const Account& account(DestinationId destination) const { return accounts_[destination]; }

 private:
  std::deque<Account> accounts_;
};

}  // namespace weir
