// SPDX-License-Identifier: Apache-2.0
#include "daemon/daemon.h"

#include <malloc.h>
#include <signal.h>
#include <unistd.h>

#include <cctype>
#include <random>
#include <stdexcept>

#include "daemon/assemble.h"
#include "daemon/service_view.h"
#include "daemon/wiring/edge.h"

namespace weir {

namespace {

constexpr Duration kTick = std::chrono::milliseconds(25);

LogOptions log_options(const config::LogsConfig& config) {
  LogOptions options;
  options.level = config.level;
  options.encoding = config.json ? LogOptions::Encoding::kJson : LogOptions::Encoding::kConsole;
  options.initial_fields.assign(config.initial_fields.begin(), config.initial_fields.end());
  options.burst = config.sampling.enabled ? config.sampling.initial : 0;
  options.window = config.sampling.tick;
  return options;
}

uint64_t random_seed() {
  std::random_device device;
  return uint64_t{device()} << 32 | device();
}

// An instance id in the shape of a UUID (version 4).
std::string instance_id(uint64_t high, uint64_t low) {
  std::string hex =
      to_hex({reinterpret_cast<const char*>(&high), 8}) + to_hex({reinterpret_cast<const char*>(&low), 8});
  hex[12] = '4';
  hex[16] = "89ab"[low & 3];
  for (const size_t at : {20u, 16u, 12u, 8u}) hex.insert(at, "-");
  return hex;
}

// The labels of target_info.
Labels resource_labels(const config::TelemetryConfig& telemetry) {
  Labels labels = {{"service_name", "weir"},
                   {"service_version", WEIR_VERSION},
                   {"service_instance_id", instance_id(random_seed(), random_seed())}};
  for (const auto& [name, value] : telemetry.resource) {
    std::string label = name;
    for (char& c : label) c = std::isalnum(static_cast<unsigned char>(c)) != 0 ? c : '_';
    labels.erase(label);
    if (value) labels[label] = *value;
  }
  return labels;
}

}  // namespace

Daemon::Daemon(config::ServiceConfig config, const ComponentList& list, std::optional<JournalChoice> journal)
    : config_(std::move(config)),
      list_(list),
      log_(log_options(config_.telemetry.logs), clock_),
      loops_(config_.shards != 0 ? config_.shards : choose_shards(resources_), clock_),
      journal_choice_(std::move(journal)) {}

// Loops first: what the rest refers to must not be touched by a shard any more.
Daemon::~Daemon() {
  loops_.stop();
  loops_.join();
}

void Daemon::build() {
  const std::optional<uint64_t> written =
      config_.memory_limit != 0 ? std::optional(config_.memory_limit) : std::nullopt;
  budget_choice_ = choose_budget(resources_, written, smallest_limiter(config_, resources_.total_memory()));
  budget_ = std::make_unique<ByteBudget>(budget_choice_.limit, budget_choice_.headroom);
  env_ = {.shards = &loops_,
          .clock = &clock_,
          .budget = budget_.get(),
          .ledger = &ledger_,
          .telemetry = &telemetry_,
          .log = &log_,
          .seed = random_seed(),
          .authenticators = &authenticators_};
}

// Before the graph: it takes over what the journal knows.
std::string Daemon::open_journal() {
  if (!journal_choice_) return "";
  journal_ = std::make_unique<JournalHost>(*journal_choice_, env_);
  return journal_->open();
}

void Daemon::build_graph() {
  ComponentEnv env = env_;
  if (journal_) env.journal = journal_->journal();
  GraphParts parts = make_parts(config_, list_, env);
  if (journal_) parts.journaled = journal_->choice().receivers;
  graph_ = std::make_unique<Graph>(std::move(parts), env);
  if (journal_) journal_->join(*graph_);
}

int Daemon::run() {
  if (const std::string error = start(); !error.empty()) {
    log_.error("service", "cannot start", {{"error", error}});
    return 1;
  }
  start_loops();
  wait_for_stop();
  drain();
  return 0;
}

// Exporters say by an exception that they cannot be made: a file that cannot be opened, a certificate that cannot be
// read.
std::string Daemon::start() {
  build();
  if (std::string error = authenticators_.start(config_, env_); !error.empty()) return error;
  if (std::string error = open_journal(); !error.empty()) return error;
  try {
    build_graph();
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return start_servers();
}

// Everything that can fail at start; all listeners are bound before the first request is taken.
std::string Daemon::start_servers() {
  if (std::string error = start_receivers(); !error.empty()) return error;
  pages_ = std::make_unique<OwnPages>(
      OwnPages::Sources{&loops_, graph_.get(), &ledger_, budget_.get(), &telemetry_, &clock_, started_,
                        resource_labels(config_.telemetry), [this] { return health(); }},
      config_.telemetry.metrics.pages);
  if (std::string error = pages_->start(); !error.empty()) return error;
  return start_extensions();
}

std::string Daemon::start_receivers() {
  for (const config::ComponentConfig& receiver : config_.receivers) {
    if (!receiver.used || receiver.id.type == "nop") continue;
    ComponentEnv env = env_;
    env.id = receiver.id.to_string();
    const OtlpAdmissions admissions = {graph_->admission(env.id, Signal::kTraces),
                                       graph_->admission(env.id, Signal::kMetrics),
                                       graph_->admission(env.id, Signal::kLogs)};
    receivers_.push_back(
        std::make_unique<OtlpReceiver>(ComponentList::decode_body<OtlpReceiverConfig>(receiver.body), env, admissions));
    if (std::string error = receivers_.back()->bind(); !error.empty()) return error;
  }
  return "";
}

// Those with pages; what the rest does, others have asked for by now.
std::string Daemon::start_extensions() {
  for (const config::Reference& reference : config_.started_extensions) {
    std::string error = start_extension(*config_.find(config::ComponentKind::kExtension, reference.id));
    if (!error.empty()) return error;
  }
  return "";
}

std::string Daemon::start_extension(const config::ComponentConfig& extension) {
  ComponentEnv env = env_;
  env.id = extension.id.to_string();
  if (extension.id.type == "health_check") {
    health_checks_.push_back(std::make_unique<HealthCheck>(
        ComponentList::decode_body<HealthCheckConfig>(extension.body), env, [this] { return accepting_.load(); },
        [this] { return ready_reply(health()); }));
    return health_checks_.back()->start();
  }
  if (extension.id.type == "zpages") {
    zpages_.push_back(std::make_unique<ZPages>(ComponentList::decode_body<ZPagesConfig>(extension.body), env,
                                               [this](ZPages::Done done) { ask_service_view(std::move(done)); }));
    return zpages_.back()->start();
  }
  if (extension.id.type == "pprof") {
    pprofs_.push_back(std::make_unique<Pprof>(ComponentList::decode_body<PprofConfig>(extension.body), env));
    return pprofs_.back()->start();
  }
  return "";
}

// The books are taken while no shard runs, so that they balance.
void Daemon::ask_service_view(ZPages::Done done) {
  const auto view = std::make_shared<ServiceView>();
  loops_.exclusive([this, view] { *view = service_view(config_, snapshot_of(ledger_, graph_->held())); },
                   [this, view, done = std::move(done)]() mutable {
                     view->started = started_;
                     view->shards = loops_.size();
                     if (journal_) view->journal = journal_->choice().directory;
                     done(*view);
                   });
}

void Daemon::start_loops() {
  loops_.start_ticks(kTick, [this](uint32_t shard, Time now) {
    graph_->tick(shard, now);
    if (shard == 0) {
      give_memory_back(now);
      tell_refusals(now);
    }
    if (shard == 0 && journal_) journal_->on_tick(now);
    for (auto& receiver : receivers_) receiver->on_tick(shard, now);
  });
  for (const int signal : {SIGTERM, SIGINT}) loops_.on_signal(signal, [this] { on_stop_signal(); });
  // Reloaders send it to collectors; left alone it would end the process with all that is held.
  loops_.on_signal(SIGHUP, [this] {
    log_.warn("service", "SIGHUP is ignored: the configuration is read at the start only, restart weir to change it");
  });
  for (uint32_t shard = 0; shard < loops_.size(); ++shard) {
    loops_.at(shard).post([this, shard] {
      Edge::set_current_shard(shard);
      graph_->tick(shard, clock_.now());  // stages know the time before the first request comes
    });
  }
  if (journal_) journal_->start();
  loops_.run();
  for (auto& receiver : receivers_) receiver->start();
  accepting_ = true;
  phase_ = Phase::kRunning;
  say_ready();
}

// After a burst malloc keeps what was freed, for each thread apart. Near the limit that would not fit beside what
// others need meanwhile. On shard 0.
void Daemon::give_memory_back(Time now) {
  constexpr Duration kEvery = std::chrono::milliseconds(100);
  constexpr Duration kAnyway = std::chrono::seconds(10);
  constexpr uint64_t kWorthIt = 32 << 20;
  if (now.mono < next_trim_look_) return;
  next_trim_look_ = now.mono + kEvery;
  const uint64_t used = budget_->used(), limit = budget_->limit(), resident = anonymous_bytes();
  bool trim = resident > limit / 4 * 3 && resident > used + limit / 8;
  if (now.mono >= next_trim_) {
    next_trim_ = now.mono + kAnyway;
    const struct mallinfo2 heap = mallinfo2();
    trim |= heap.fordblks > kWorthIt && heap.fordblks > 4 * used;
  }
  if (!trim) return;
  const Duration began = clock_.now().mono;
  malloc_trim(0);
  const Duration took = clock_.now().mono - began;
  next_trim_look_ = now.mono + std::max(kEvery, 20 * took);  // at most a twentieth of the shard's time
}

// Says when /readyz turns to 503 for want of room or a broken disk, and back. On shard 0.
void Daemon::tell_refusals(Time now) {
  constexpr Duration kEvery = std::chrono::seconds(1);
  if (now.mono < next_look_ || phase_ != Phase::kRunning) return;
  next_look_ = now.mono + kEvery;
  const Health found = health();
  if (std::exchange(refusing_, !found.ready) == !found.ready) return;
  if (found.ready) return log_.info("service", "ready again: requests are taken");
  log_.warn("service", "not ready: requests are refused, or soon will be",
            {{"reason", found.reasons.empty() ? "" : found.reasons.front()}});
}

void Daemon::say_ready() const {
  Log& log = *env_.log;
  log.info("service", "weir " WEIR_VERSION " starts",
           {{"shards", std::to_string(loops_.size())},
            {"memory_budget_bytes", std::to_string(budget_choice_.limit)},
            {"memory_budget_source", budget_choice_.source}});
  say_listening();
  if (journal_) {
    static constexpr const char* kAcks[] = {"memory", "buffered", "durable"};
    log.info("service", "acks are journaled: what is answered survives a crash",
             {{"journal", journal_->choice().directory}, {"ack", kAcks[static_cast<size_t>(journal_->choice().ack)]}});
  } else {
    log.info("service", "acks are in memory: a crash loses held spans");
  }
  log.info("service", "Everything is ready. Begin running and processing data.");
}

void Daemon::say_listening() const {
  const auto say = [this](const std::string& who, const std::string& address) {
    env_.log->info(who, "listening", {{"address", address}});
  };
  for (const auto& receiver : receivers_) {
    for (const std::string& address : receiver->addresses()) say("otlp", address);
  }
  for (const std::string& address : pages_->addresses()) say("service::telemetry::metrics", address);
  for (const auto& page : health_checks_) say("health_check", page->address());
  for (const auto& page : zpages_) say("zpages", page->address());
  for (const auto& page : pprofs_) say("pprof", page->address());
}

void Daemon::wait_for_stop() {
  std::unique_lock lock(mutex_);
  stopped_.wait(lock, [this] { return stop_signals_ > 0; });
}

// On shard 0. A second signal means now: what is held is lost, and the exit code says so.
void Daemon::on_stop_signal() {
  const std::lock_guard lock(mutex_);
  if (++stop_signals_ == 1) return stopped_.notify_all();
  log_.error("service", "stopped by a second signal, what was held is lost");
  _exit(2);
}

Health Daemon::health() const {
  Health health;
  health.ready = phase_ == Phase::kRunning;
  if (phase_ == Phase::kStarting) health.reasons.emplace_back("starting");
  if (phase_ == Phase::kDraining) health.reasons.emplace_back("draining: the process is about to stop");
  if (const auto journal = journal_ ? journal_->health() : journal::JournalHealth{}; !journal.accepting) {
    health.ready = false;
    health.reasons.push_back(journal.reason);
  }
  // With a journal memory that is short is spilled.
  if (health.ready && !journal_ && budget_->short_of_room()) {
    health.ready = false;
    health.reasons.push_back("memory: " + std::to_string(budget_->used()) + " of " + std::to_string(budget_->limit()) +
                             " bytes are held");
  }
  return health;
}

}  // namespace weir
