// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "unit/processors/fixture.h"

namespace weir::test {

// A journal in memory that does what a test says: it holds back answers, forgets what was not yet safe when the process
// dies, and gives bytes back late or never. Requests are safe at once. One destination counts.
class FakeJournal final : public Journal {
 public:
  struct Record {
    std::string bytes;
    uint32_t items = 0;
    Duration received{0};  // wall
    std::set<uint32_t> settled;
    bool live() const { return settled.size() < items; }
  };
  struct Decisions {
    std::string sampler;
    std::vector<LoggedDecision> list;
  };

  // Takes a request in; its parts get their account.
  void take_in(Batch& batch, Duration received) {
    const uint64_t number = ++last_record_;
    records_[number] = {
        std::string(batch.parts[0].bytes->view()), static_cast<uint32_t>(batch.spans.size()), received, {}};
    for (Part& part : batch.parts) {
      part.origin = std::make_shared<Account>(*this, number, std::set<uint32_t>{});
      part.sequence = number;
    }
  }
  // A live record again, with what was settled before.
  OriginRef account(uint64_t record) { return std::make_shared<Account>(*this, record, records_.at(record).settled); }
  const std::map<uint64_t, Record>& records() const { return records_; }

  // Decisions, oldest first; those below safe_decisions() outlive the process.
  const std::vector<Decisions>& logged() const { return logged_; }
  void write_all() {
    safe_ = logged_.size();
    while (!unwritten_.empty()) {
      unwritten_.front().first->post(std::move(unwritten_.front().second));
      unwritten_.pop_front();
    }
    for (auto& [record, items] : std::exchange(settling_, {})) records_.at(record).settled.merge(items);
  }
  void read_one() {
    Read read = std::move(reads_.front());
    reads_.pop_front();
    BufferRef bytes;
    if (!unreadable.contains(read.record)) bytes = BufferRef::copy_of(content_of(read.record));
    read.back->post([done = std::move(read.done), bytes]() mutable { done(bytes); });
  }
  const std::vector<std::string>& spilled() const { return spilled_; }
  size_t reads() const { return reads_.size(); }
  // The process dies: of the decisions that were not safe the first `survive` stay; settlements that were not safe are
  // gone. What was decided so far binds.
  void die(size_t survive) {
    logged_.resize(std::min(safe_ + survive, logged_.size()));
    safe_ = logged_.size();
    restored_ = logged_;
    unwritten_.clear();
    reads_.clear();
    settling_.clear();
  }
  void restore(const std::string& sampler, LoggedDecision decision) { restored_.push_back({sampler, {decision}}); }

  void append(AppendRequest, Shard&, absl::AnyInvocable<void(AppendResult)>) override { FAIL("not a stage's call"); }
  void append_decisions(const std::string& sampler, std::vector<LoggedDecision> decisions, Shard& back,
                        Task written) override {
    logged_.push_back({sampler, std::move(decisions)});
    unwritten_.emplace_back(&back, std::move(written));
  }
  std::vector<LoggedDecision> restored_decisions(const std::string& sampler) const override {
    std::map<std::string, LoggedDecision> last;
    for (const Decisions& decisions : restored_) {
      for (const LoggedDecision& decision : decisions.list) {
        if (decisions.sampler == sampler) last[std::string(decision.trace.bytes())] = decision;
      }
    }
    std::vector<LoggedDecision> list;
    for (const auto& [trace, decision] : last) list.push_back(decision);
    return list;
  }
  void checkpoint(const std::string&, std::string, std::vector<Absorbed>, Shard&,
                  absl::AnyInvocable<void(bool)>) override {}
  std::string restored_state(const std::string&) const override { return {}; }
  uint64_t checkpoint_round() const override { return 0; }
  SpilledRef spill(BufferRef bytes) override {
    spilled_.push_back(std::string(bytes->view()));
    return std::make_shared<Spilled>(kSpilled + spilled_.size() - 1);
  }
  void read(uint64_t record, Shard& back, absl::AnyInvocable<void(BufferRef)> done) override {
    read_records.push_back(record);
    reads_.push_back({record, &back, std::move(done)});
    most_reads = std::max(most_reads, reads_.size());
  }
  void keep_refused(Signal, std::string, std::string, std::string) override {}

  std::set<uint64_t> unreadable;
  std::vector<uint64_t> read_records;  // all that was asked for
  size_t most_reads = 0;               // at a time
  uint64_t settle_calls = 0;

 private:
  struct Account final : Origin {
    Account(FakeJournal& journal, uint64_t record, std::set<uint32_t> before)
        : journal_(journal), record_(record), before_(std::move(before)) {}
    void settle(DestinationId, std::span<const uint32_t> items, uint64_t weight, const Settled&) override {
      REQUIRE(weight == items.size());
      ++journal_.settle_calls;
      journal_.settling_[record_].insert(items.begin(), items.end());
    }
    uint64_t record() const override { return record_; }
    bool partly_settled() const override { return !before_.empty(); }
    bool settled_before(DestinationId, uint32_t item) const override { return before_.contains(item); }
    FakeJournal& journal_;
    const uint64_t record_;
    const std::set<uint32_t> before_;
  };
  struct Spilled final : SpilledBytes {
    explicit Spilled(uint64_t its_number) : of(its_number) {}
    uint64_t number() const override { return of; }
    BufferRef in_memory() const override { return {}; }
    const uint64_t of;
  };
  static constexpr uint64_t kSpilled = uint64_t{1} << 63;
  const std::string& content_of(uint64_t number) const {
    return number >= kSpilled ? spilled_.at(number - kSpilled) : records_.at(number).bytes;
  }
  struct Read {
    uint64_t record;
    Shard* back;
    absl::AnyInvocable<void(BufferRef)> done;
  };

  std::map<uint64_t, Record> records_;
  std::vector<std::string> spilled_;
  uint64_t last_record_ = 0;
  std::vector<Decisions> logged_, restored_;
  size_t safe_ = 0;
  std::deque<std::pair<Shard*, Task>> unwritten_;
  std::map<uint64_t, std::set<uint32_t>> settling_;
  std::deque<Read> reads_;
};

}  // namespace weir::test
