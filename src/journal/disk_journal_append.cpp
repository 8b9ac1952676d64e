// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cerrno>

#include "journal/disk_journal_impl.h"
#include "weir/admission.h"
#include "journal/segment_format.h"

// Group commit: what comes in is gathered, and written and synced together once the shard has come to the commit that
// the first of them posted.
namespace weir::journal {
namespace {

constexpr Duration kTryAgainAfter = std::chrono::seconds(1);
constexpr uint64_t kMostGathered = 8 << 20;  // bytes; then they do not wait for more

}  // namespace

// "" or why it cannot be taken in now.
std::string DiskJournal::Impl::refusal(const AppendRequest& request) {
  const auto refuse = [](Counter& counter, std::string why) {
    counter.add();
    return why;
  };
  if (closed) return refuse(metrics.refused_closing, "journal: shutting down");
  if (failing != 0 || disk_is_full) {
    return refuse(metrics.refused_disk, "journal: " + errno_text(failing != 0 ? failing : ENOSPC));
  }
  if (request.route >= current.size() || request.bytes->size() > kMaxPayload / 2) {
    return refuse(metrics.refused_disk, "journal: not a request that can be journaled");
  }
  if (!full(request.bytes->size())) return {};
  is_full = true;
  set_health();
  return refuse(metrics.refused_full, "journal is full");
}

void DiskJournal::Impl::append(AppendRequest request, Shard& back, Appended done) {
  Gathered record;
  record.back = &back;
  record.done = std::move(done);
  AppendResult result;
  result.error = refusal(request);
  const bool counted = result.error.empty() && request.items > 0 && !configured[request.route].destinations.empty();
  if (counted) {
    record.head.kind = RecordKind::kRequest;
    record.head.sequence = next++;
    record.head.items = request.items;
    record.head.route = current[request.route];
    record.prefix = encode_request_head(request.signal, *request.context);
    record.body = std::move(request.bytes);
    record.ack = request.ack;
    record.by_replay = replaying;
    books.add(record.head.sequence, record.head.items, record.head.route, {});
    return gather(std::move(record));
  }
  result.ok = result.error.empty();  // nothing in it: nothing to keep
  if (result.ok) result.sequence = next++;
  if (!result.ok) result.retry_after = kRetryAfter;
  Answers now{&back, {}};
  now.results.emplace_back(std::move(record.done), std::move(result));
  answers.push_back(std::move(now));
  post_answers();
}

void DiskJournal::Impl::decide(const std::string& sampler, const std::vector<LoggedDecision>& decisions, Shard& back,
                               Task written) {
  books.decide(sampler, next, decisions);
  Gathered record;
  record.head.kind = RecordKind::kDecisions;
  record.prefix = encode_decisions(sampler, decisions);
  record.ack = options.ack;
  record.back = &back;
  record.written = std::move(written);
  gather(std::move(record));
}

// While the disk fails it is only kept.
void DiskJournal::Impl::gather(Gathered record) {
  gathered.push_back(std::move(record));
  if (gathered.back().ack == Ack::kMemory) answer(gathered.back());
  if (failing != 0) return;
  put_into_log(gathered.back());
  if (log.pending_bytes() >= kMostGathered) {
    commit(false);
  } else {
    want_commit();
  }
}

void DiskJournal::Impl::put_into_log(Gathered& record) {
  RecordHead& head = record.head;
  if (head.kind != RecordKind::kRequest) head.sequence = next - 1;
  if (!record.copy) head.items_before = items;
  if (head.kind == RecordKind::kRequest && !record.copy) items += head.items;
  const std::string_view body = record.body ? record.body->view() : std::string_view();
  head.size = static_cast<uint32_t>(record.prefix.size() + body.size());
  std::vector<std::string_view> pieces;
  if (!record.prefix.empty()) pieces.push_back(record.prefix);
  if (!body.empty()) pieces.push_back(body);
  log.append(head, std::move(pieces));
}

void DiskJournal::Impl::want_commit() {
  if (std::exchange(commit_wanted, true)) return;
  world.self->post([self = shared_from_this()] {
    self->commit_wanted = false;
    if (self->failing == 0 && !self->gathered.empty()) self->commit(false);
    self->post_answers();
  });
}

// Writes all that is gathered, and syncs where one of them, or the caller, wants that.
bool DiskJournal::Impl::commit(bool sync) {
  post_answers();
  const Duration began = world.clock->now().mono;
  for (const Gathered& record : gathered) sync |= record.ack == Ack::kDurable;
  const int error = log.commit(sync, [this](size_t index, const Location& at) { placed(gathered[index], at); });
  metrics.commits.add();
  if (sync) metrics.sync_seconds.observe(std::chrono::duration<double>(world.clock->now().mono - began).count());
  if (error != 0) {
    commit_failed(error);
    return false;
  }
  committed();
  return true;
}

void DiskJournal::Impl::placed(const Gathered& record, const Location& at) {
  if (at.segment != head_segment) {
    closed_bytes += head_end;
    head_segment = at.segment;
    spare_wanted = true;
  }
  head_end = uint64_t{at.offset} + at.size;
  appended_bytes += at.size;
  if (record.head.kind == RecordKind::kRequest) books.move(record.head.sequence, at);
}

void DiskJournal::Impl::committed() {
  for (Gathered& record : gathered) answer(record);
  gathered.clear();
  lines_gathered.clear();
  changed = true;
  post_answers();
}

// What was answered and decisions are kept and written again. A request that is refused must never be live: should it
// be on disk nevertheless, its settlement will be behind it.
void DiskJournal::Impl::commit_failed(int error) {
  failing = error;
  give_up_reserve(error);
  retry_at = world.clock->now().mono + kTryAgainAfter;
  lines.insert(lines.end(), std::make_move_iterator(lines_gathered.begin()),
               std::make_move_iterator(lines_gathered.end()));
  lines_gathered.clear();
  std::deque<Gathered> kept;
  for (Gathered& record : gathered) {
    const bool request = record.head.kind == RecordKind::kRequest && !record.copy;
    if (request) items -= record.head.items;
    if ((request && record.answered) || record.head.kind == RecordKind::kDecisions) {
      kept.push_back(std::move(record));
    } else if (request) {
      metrics.refused_disk.add();
      books.settle(record.head.sequence, SettlementEntry::kEverywhere, {});
      lines.push_back({record.head.sequence, SettlementEntry::kEverywhere, {}});
      answer(record);
    }
  }
  gathered = std::move(kept);
  set_health();
  world.log->error("journal", "cannot write, requests are refused", {{"error", errno_text(error)}});
  post_answers();
}

void DiskJournal::Impl::answer(Gathered& record) {
  if (std::exchange(record.answered, true) || record.back == nullptr) return;
  auto to = std::find_if(answers.begin(), answers.end(), [&](const Answers& a) { return a.back == record.back; });
  if (to == answers.end()) to = answers.insert(to, Answers{record.back, {}});
  if (record.written) {
    to->results.emplace_back([written = std::move(record.written)](const AppendResult&) mutable { written(); },
                             AppendResult{});
    return;
  }
  if (!record.done) return;
  AppendResult result;
  result.ok = books.find(record.head.sequence) != nullptr;
  if (result.ok) {
    result.account =
        std::make_shared<Account>(inbox, *world.budget, record.head.sequence, record.head.items, record.head.route);
    result.sequence = record.head.sequence;
    result.delivered_by_replay = record.by_replay;
  } else {
    result.error = "journal: " + errno_text(failing);
    result.retry_after = kRetryAfter;
  }
  to->results.emplace_back(std::move(record.done), std::move(result));
}

// One task for each shard.
void DiskJournal::Impl::post_answers() {
  for (Answers& to : answers) {
    to.back->post([results = std::move(to.results)]() mutable {
      for (auto& [done, result] : results) done(std::move(result));
    });
  }
  answers.clear();
}

void DiskJournal::Impl::try_again(Time now) {
  if (failing == 0 || now.mono < retry_at) return;
  failing = 0;
  gather_settlements();
  for (Gathered& record : gathered) put_into_log(record);
  if (!commit(true)) return;
  set_health();
  world.log->info("journal", "writes again");
}

}  // namespace weir::journal
