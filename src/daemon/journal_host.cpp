// SPDX-License-Identifier: Apache-2.0
#include "daemon/journal_host.h"

#include <condition_variable>
#include <mutex>
#include <optional>

#include "base/thread_shard.h"
#include "journal/crash_page.h"
#include "journal/posix_disk.h"

namespace weir {

namespace {
constexpr Duration kTick = std::chrono::milliseconds(10);
}

struct JournalHost::Impl {
  Impl(const JournalChoice& choice, const ComponentEnv& env) : disk(choice.directory), env_(env) {}

  journal::CrashPage crashes;
  journal::PosixDisk disk;
  const ComponentEnv& env_;
  ThreadShard self{0, "weir-journal"};
  ThreadShard helper{1, "weir-disk"};
  std::optional<journal::DiskJournal> journal;
  std::unique_ptr<Replayer> replayer;
};

JournalHost::JournalHost(JournalChoice choice, const ComponentEnv& env)
    : choice_(std::move(choice)), env_(env), impl_(std::make_unique<Impl>(choice_, env)) {}

JournalHost::~JournalHost() {
  impl_->self.stop();
  impl_->helper.stop();
}

std::string JournalHost::open() {
  if (std::string error = prepare_directory(choice_); !error.empty()) return error;
  if (std::string error = impl_->disk.lock(); !error.empty()) return error;
  journal::JournalOptions options;
  options.max_bytes = choice_.max_bytes;
  options.ack = choice_.ack;
  if (std::string error = impl_->crashes.open(choice_.directory + "/crash"); !error.empty()) return error;
  options.crashes = impl_->crashes.counts();
  impl_->crashes.install();
  impl_->journal.emplace(journal::DiskJournal::World{&impl_->disk, &impl_->self, &impl_->helper, env_.clock,
                                                     env_.budget, env_.telemetry, env_.log},
                         options);
  return impl_->journal->open();
}

Journal* JournalHost::journal() { return &*impl_->journal; }

void JournalHost::join(Graph& graph) {
  const auto lost = impl_->journal->set_routes(journal_routes(graph, *env_.ledger));
  note_lost(*env_.ledger, *env_.log, lost);
  graph.set_replaying(true);
  graph.restore_connectors(env_.clock->now());
  impl_->replayer = std::make_unique<Replayer>(graph, *impl_->journal, env_);
}

void JournalHost::start() {
  impl_->self.start_ticks(kTick, [this] { impl_->journal->tick(env_.clock->now()); });
  impl_->self.run();
  impl_->helper.run();
  env_.shards->at(0).post([this, began = env_.clock->now().mono] {
    impl_->replayer->start([this, began] {
      if (impl_->replayer->records() == 0) return;
      const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(env_.clock->now().mono - began);
      env_.log->info(
          "journal", "replayed",
          {{"records", std::to_string(impl_->replayer->records())}, {"milliseconds", std::to_string(took.count())}});
    });
  });
}

void JournalHost::on_tick(Time now) { impl_->replayer->on_tick(now); }

journal::JournalHealth JournalHost::health() const { return impl_->journal->health(); }

bool JournalHost::close(Duration until) {
  struct Closed {
    std::mutex mutex;
    std::condition_variable changed;
    std::optional<bool> ok;
  };
  const auto closed = std::make_shared<Closed>();
  impl_->self.post([this, closed] {
    impl_->journal->close([closed](bool ok) {
      const std::lock_guard lock(closed->mutex);
      closed->ok = ok;
      closed->changed.notify_all();
    });
  });
  std::unique_lock lock(closed->mutex);
  const Duration left = until - env_.clock->now().mono;
  return closed->changed.wait_for(lock, left, [&] { return closed->ok.has_value(); }) && *closed->ok;
}

}  // namespace weir
