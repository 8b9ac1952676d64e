// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "journal/account.h"
#include "journal/books.h"
#include "journal/checkpoint_file.h"
#include "journal/disk_journal.h"
#include "journal/journal_metrics.h"
#include "journal/quarantine.h"
#include "journal/recovery.h"
#include "journal/segment_log.h"
#include "journal/spill_store.h"

namespace weir::journal {

// Everything but what is atomic or says so is touched on the shard `self` only.
struct DiskJournal::Impl : std::enable_shared_from_this<Impl> {
  using Appended = absl::AnyInvocable<void(AppendResult)>;
  using Saved = absl::AnyInvocable<void(bool ok)>;

  Impl(World its_world, JournalOptions its_options);

  // disk_journal_recover.cpp
  std::string open();
  std::vector<LostItems> set_routes(std::vector<JournalRoute> routes);
  void map_route(uint32_t route);
  uint32_t best_match(const Route& route) const;
  void drop_removed(std::vector<LostItems>& lost);
  void quarantine_crashers(std::vector<LostItems>& lost);
  void lose(uint64_t record, std::vector<LostItems>& lost);
  DestinationId destination_named(const std::string& name) const;

  // disk_journal_replay.cpp
  struct Reading {
    uint64_t record;
    Shard* back;
    absl::AnyInvocable<void(BufferRef)> done;
    int tries = 0;
  };
  void read(Reading reading);
  void read_again(Time now);
  BufferRef payload_of(uint64_t record, const RecordBook& book);
  bool read_request(uint64_t record, const RecordBook& book, ReplayRecord& out);
  struct Replaying {
    uint64_t after;
    uint64_t bytes;
    Shard* back;
    absl::AnyInvocable<void(std::vector<ReplayRecord>, bool)> done;
    int tries = 0;  // to read the record that is next
  };
  void replay(Replaying ask);

  // disk_journal_append.cpp
  struct Gathered {
    RecordHead head;
    std::string prefix;  // what comes before `body` in the payload
    BufferRef body;
    Ack ack = Ack::kDurable;
    bool copy = false;  // written forward
    bool by_replay = false;
    bool answered = false;
    Shard* back = nullptr;
    Appended done = {};
    Task written = {};  // decisions
  };
  struct Answers {
    Shard* back = nullptr;
    std::vector<std::pair<Appended, AppendResult>> results;
  };
  void append(AppendRequest request, Shard& back, Appended done);
  std::string refusal(const AppendRequest& request);
  void decide(const std::string& sampler, const std::vector<LoggedDecision>& decisions, Shard& back, Task written);
  void gather(Gathered record);
  void put_into_log(Gathered& record);
  void want_commit();
  bool commit(bool sync);
  void placed(const Gathered& record, const Location& at);
  void committed();
  void commit_failed(int error);
  void answer(Gathered& record);
  void post_answers();
  void try_again(Time now);

  // disk_journal_settle.cpp
  void take_settlements();
  void settle(uint64_t record, uint32_t destination, std::span<const uint32_t> items);
  void absorb(const Absorbed& absorbed);
  void gather_settlements();
  void log_settlements(Time now);
  bool last_needs_proof(Time now);

  // disk_journal_checkpoint.cpp
  void checkpoint(const std::string& component, std::string state, const std::vector<Absorbed>& absorbed, Shard& back,
                  Saved durable);
  CheckpointData make_checkpoint();
  void begin_save();
  void saved(int error, uint64_t bytes);
  void retire(const std::vector<uint64_t>& dead);
  void checkpoint_tick(Time now);
  bool save_is_due(Time now) const;
  void close(Saved done);
  void finish_closing(bool ok);

  // disk_journal_release.cpp
  void tick(Time now);
  void survey_segments();
  void choose_to_copy(uint64_t segments_bytes, uint64_t emptiest);
  void rewrite();
  void copy_forward(uint64_t record, const RecordBook& book);
  void prepare_spare();
  void give_up_reserve(int error);
  void win_reserve_back(Time now);
  uint64_t used_bytes() const { return closed_bytes + head_end + spilled->disk_bytes(); }
  uint64_t room_for_spills() const;
  uint64_t reserve() const;
  bool full(uint64_t more) const;
  void set_health();
  void update_metrics(Time now);

  const World world;
  const JournalOptions options;
  JournalMetrics metrics;
  SegmentLog log;
  Books books;
  RefusedStore refused;  // on `helper`
  const std::shared_ptr<SpillStore> spilled;
  const std::shared_ptr<SettlementInbox> inbox = std::make_shared<SettlementInbox>();
  std::atomic<uint64_t> round{0};
  uint64_t max_bytes = 0;

  // Routes. current: of append(), what its number is in the books. replay_as: the other way round.
  std::vector<JournalRoute> configured;
  std::vector<uint32_t> current;
  std::vector<uint32_t> replay_as;
  std::vector<bool> route_differs;  // the one it is replayed as has other destinations too
  Recovered found;

  // Appending.
  uint64_t next = 1;
  uint64_t items = 0;  // of all requests ever appended
  bool replaying = true;
  bool closed = false;
  bool commit_wanted = false;
  std::deque<Gathered> gathered;
  std::vector<Answers> answers;

  // The disk.
  int failing = 0;  // the errno; requests are refused
  bool save_failing = false;
  bool is_full = false;
  bool disk_is_full = false;  // the device: no requests until the log has its reserve again
  Duration retry_at{0};
  uint64_t head_segment = 0;  // where the log is being written
  uint64_t head_end = 0;
  uint64_t closed_bytes = 0;  // of segments
  uint64_t dead_bytes = 0;    // of those without a live record
  uint64_t appended_bytes = 0;
  bool preparing = false;  // a spare, on `helper`
  bool spare_wanted = true;
  Duration reserve_again_at{0};
  bool changed = false;           // since the last checkpoint
  std::deque<uint64_t> to_copy;   // records to be written forward
  std::set<uint64_t> unreadable;  // segments that are not written forward again
  mutable std::mutex health_mutex;
  JournalHealth health;

  std::vector<Reading> unread;  // what could not be read just now
  std::optional<Replaying> replay_waits;
  Duration read_again_at{0};

  // Settlements.
  SettlementInbox::Content taken;
  std::vector<SettlementEntry> lines;           // not in the log
  std::vector<SettlementEntry> lines_gathered;  // … of the commit under way
  Duration settlements_at{0};
  Duration look_at{0};
  uint64_t looked_at = 0;  // the next number when it was looked last whether requests still come
  uint64_t proven = 0;     // the next number when the last settlements were logged

  // Checkpoints.
  struct Waiting {
    Shard* back;
    Saved durable;
  };
  std::vector<Waiting> waiting;  // for the next save
  std::vector<Waiting> saving;   // for the one under way
  bool save_running = false;
  uint64_t generation = 0;
  uint64_t checkpoint_bytes = 0;
  std::vector<uint64_t> dead_now;   // closed segments without a live record in the save under way
  std::vector<uint64_t> dead_then;  // … in the last durable one
  Duration save_at{0};
  Duration round_at{0};
  uint64_t round_bytes = 0;
  Duration last_save{0};
  Saved on_closed;

  // When requests were taken in: (number, wall time), about one a second.
  std::map<uint64_t, Duration> ages;
  Duration survey_at{0};
  Duration metrics_at{0};
};

std::string errno_text(int error);

}  // namespace weir::journal
