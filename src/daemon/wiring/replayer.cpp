// SPDX-License-Identifier: Apache-2.0
#include "daemon/wiring/replayer.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "otlp/walker.h"

namespace weir {

namespace {

constexpr uint64_t kBytesAtOnce = 8 << 20;
constexpr Duration kTickStep = std::chrono::milliseconds(200);
// Messages between shards that one request may cause on its way to the last stage that follows the time: entry, a home
// shard, a splitter, and one to spare.
constexpr int kRounds = 4;

// Windows end at whole seconds of the wall clock.
int64_t second_of(Time at) { return at.wall / std::chrono::seconds(1); }

std::string name_of_destination(const Ledger::Account& account, bool connector) {
  return account.pipeline + (connector ? " => " : " -> ") + account.exporter;
}

}  // namespace

std::vector<journal::JournalRoute> journal_routes(const Graph& graph, const Ledger& ledger) {
  std::vector<journal::JournalRoute> routes;
  for (const Edge* edge : graph.journaled_edges()) {
    journal::JournalRoute& route = routes.emplace_back();
    route.names.receiver = edge->parts().receiver;
    route.names.signal = edge->parts().signal;
    route.destinations = edge->journaled();
    for (const DestinationId id : route.destinations) {
      const Ledger::Account& account = ledger.account(id);
      route.names.destinations.push_back(name_of_destination(account, graph.is_connector(account.exporter)));
    }
  }
  return routes;
}

void note_lost(Ledger& ledger, Log& log, const std::vector<journal::LostItems>& lost) {
  for (const journal::LostItems& items : lost) {
    log.error("journal", "acknowledged items are lost",
              {{"destination", items.name},
               {"items", std::to_string(items.items)},
               {"reason", std::string(name_of(items.reason))}});
    if (items.signal != Signal::kTraces || items.name.find(" => ") != std::string::npos) continue;
    DestinationId id = items.destination;
    if (id == kNoDestination) {
      const size_t arrow = items.name.find(" -> ");
      id = arrow == std::string::npos
               ? ledger.add_destination("", items.name)
               : ledger.add_destination(items.name.substr(0, arrow), items.name.substr(arrow + 4));
    }
    ledger.admit_replayed(id, items.items, 0);
    ledger.settle(id, items.items, Settled::dropped(items.reason));
  }
}

Replayer::Replayer(Graph& graph, journal::DiskJournal& journal, const ComponentEnv& env)
    : graph_(graph), journal_(journal), env_(env) {}

void Replayer::start(Task done) {
  done_ = std::move(done);
  const Time now = env_.clock->now();
  away_ = now.mono - now.wall;
  fetch();
}

// Only when all before it is handed over: with the answer that there is no more, live requests begin to flow.
void Replayer::fetch() {
  if (fetching_ || end_) return;
  fetching_ = true;
  journal_.replay(last_, kBytesAtOnce, env_.shards->at(0),
                  [this](std::vector<journal::ReplayRecord> records, bool end) { got(std::move(records), end); });
}

void Replayer::got(std::vector<journal::ReplayRecord> records, bool end) {
  fetching_ = false;
  end_ = end;
  for (journal::ReplayRecord& record : records) {
    last_ = record.sequence;
    ready_.push_back(std::move(record));
  }
  go_on();
}

// Hands over what belongs to the present moment of the replay; when the time moves on, all shards finish what they have
// and are told.
void Replayer::go_on() {
  if (settling_ || paused_) return;
  if (ready_.empty()) return end_ ? finish() : fetch();
  while (!ready_.empty()) {
    const Time at = time_of(ready_.front());
    if (!ticked_ || at.mono >= now_.mono + kTickStep || second_of(at) != second_of(now_)) {
      ticked_ = true;
      now_ = at;
      return settle_down(kRounds);
    }
    hand_over(std::move(ready_.front()));
    ready_.pop_front();
    if (env_.budget->short_of_room()) {
      paused_ = true;  // stages let go of bytes meanwhile
      return;
    }
  }
  settle_down(1);
}

Time Replayer::time_of(const journal::ReplayRecord& record) const {
  const Time now = env_.clock->now();
  Time at{record.context->received.wall + away_, record.context->received.wall};
  if (at.mono > now.mono) at = now;  // the clock was set back
  return ticked_ && at.mono < now_.mono ? now_ : at;
}

void Replayer::hand_over(journal::ReplayRecord record) {
  ++records_;
  Part part;
  part.bytes = std::move(record.bytes);
  part.origin = std::move(record.account);
  part.sequence = record.sequence;
  Batch batch;
  const otlp::WalkResult walked = otlp::walk(record.signal, std::move(part), batch);
  if (!walked.ok) {  // it was sound when it was taken in
    env_.log->error("journal", "a record does not parse", {{"error", walked.error}});
    return;
  }
  batch.context = std::move(record.context);
  const uint32_t shard = next_shard_++ % env_.shards->size();
  Edge* edge = graph_.journaled_edges().at(record.route);
  env_.shards->at(shard).post(
      [edge, shard, batch = std::move(batch)]() mutable { edge->replay(std::move(batch), shard); });
}

// Waits until every shard has come to the end of what its inbox held, `rounds` times; after more than one of them the
// time moves on.
void Replayer::settle_down(int rounds) {
  settling_ = true;
  missing_ = env_.shards->size();
  for (uint32_t shard = 0; shard < env_.shards->size(); ++shard) {
    env_.shards->at(shard).post([this, rounds] {
      env_.shards->at(0).post([this, rounds] {
        if (--missing_ > 0) return;
        if (rounds > 2) return settle_down(rounds - 1);
        if (rounds == 2) tick_all(now_);
        settling_ = false;
        go_on();
      });
    });
  }
}

void Replayer::tick_all(Time at) {
  for (uint32_t shard = 0; shard < env_.shards->size(); ++shard) {
    env_.shards->at(shard).post([this, shard, at] { graph_.replay_tick(shard, at); });
  }
}

void Replayer::on_tick(Time) {
  if (!std::exchange(paused_, false)) return;
  go_on();
}

void Replayer::finish() {
  graph_.set_replaying(false);
  const Time now = env_.clock->now();
  for (uint32_t shard = 0; shard < env_.shards->size(); ++shard) {
    env_.shards->at(shard).post([this, shard, now] { graph_.tick(shard, now); });
  }
  if (done_) std::exchange(done_, {})();
}

}  // namespace weir
