// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "weir/journal.h"

namespace weir::test {

// The account of a record that remembers what was settled, and knows what was before the start.
struct FakeAccount final : Origin {
  explicit FakeAccount(uint64_t id) : number(id) {}
  void settle(DestinationId destination, std::span<const uint32_t> items, uint64_t weight,
              const Settled& how) override {
    for (const uint32_t item : items) settled[destination].push_back(item);
    weights[destination] += weight;
    last = how;
  }
  uint64_t record() const override { return number; }
  bool partly_settled() const override { return !before.empty(); }
  bool settled_before(DestinationId destination, uint32_t item) const override {
    const auto found = before.find(destination);
    return found != before.end() && found->second.contains(item);
  }
  uint64_t number;
  std::map<DestinationId, std::set<uint32_t>> before;
  std::map<DestinationId, std::vector<uint32_t>> settled;
  std::map<DestinationId, uint64_t> weights;
  Settled last;
};

struct FakeSpilled final : SpilledBytes {
  explicit FakeSpilled(uint64_t its_number) : of(its_number) {}
  uint64_t number() const override { return of; }
  BufferRef in_memory() const override { return {}; }
  const uint64_t of;
};

// Keeps what is to be journaled until the test answers.
class FakeJournal final : public Journal {
 public:
  struct Waiting {
    AppendRequest request;
    Shard* back;
    absl::AnyInvocable<void(AppendResult)> done;
  };
  void append(AppendRequest request, Shard& back, absl::AnyInvocable<void(AppendResult)> done) override {
    waiting.push_back({std::move(request), &back, std::move(done)});
  }
  std::shared_ptr<FakeAccount> accept(bool by_replay = false) {
    auto account = std::make_shared<FakeAccount>(next_);
    answer({true, account, next_++, by_replay, "", Duration{0}});
    return account;
  }
  void refuse(std::string why) { answer({false, nullptr, 0, false, std::move(why), std::chrono::seconds(3)}); }

  void append_decisions(const std::string&, std::vector<LoggedDecision>, Shard& back, Task written) override {
    back.post(std::move(written));
  }
  std::vector<LoggedDecision> restored_decisions(const std::string&) const override { return {}; }
  void checkpoint(const std::string&, std::string, std::vector<Absorbed>, Shard& back,
                  absl::AnyInvocable<void(bool ok)> durable) override {
    back.post([durable = std::move(durable)]() mutable { durable(true); });
  }
  std::string restored_state(const std::string&) const override { return ""; }
  uint64_t checkpoint_round() const override { return 0; }
  SpilledRef spill(BufferRef bytes) override {
    const uint64_t number = (uint64_t{1} << 63) + ++spills;
    content[number] = std::string(bytes->view());
    return std::make_shared<FakeSpilled>(number);
  }
  void read(uint64_t record, Shard& back, absl::AnyInvocable<void(BufferRef)> done) override {
    ++reads;
    const auto found = content.find(record);
    const std::string bytes = found == content.end() ? "" : found->second;
    back.post(
        [done = std::move(done), bytes]() mutable { done(bytes.empty() ? BufferRef() : BufferRef::copy_of(bytes)); });
  }
  void keep_refused(Signal, std::string request, std::string destination, std::string message) override {
    refused.push_back(std::move(request));
    refusals.emplace_back(std::move(destination), std::move(message));
  }

  std::map<uint64_t, std::string> content;  // what read() gives
  uint64_t reads = 0;
  uint64_t spills = 0;
  std::vector<std::string> refused;
  std::vector<std::pair<std::string, std::string>> refusals;  // destination, message

  std::deque<Waiting> waiting;

 private:
  void answer(AppendResult result) {
    Waiting first = std::move(waiting.front());
    waiting.pop_front();
    first.back->post([done = std::move(first.done), result = std::move(result)]() mutable { done(std::move(result)); });
  }
  uint64_t next_ = 100;
};

}  // namespace weir::test
