// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "journal/disk_journal_impl.h"

// The start: what was found, and what of it has a place in this process.
namespace weir::journal {
namespace {

constexpr uint64_t kSmallestSegment = 64 << 10;

uint64_t limit_of(Disk& disk, uint64_t max_bytes, uint64_t already) {
  if (max_bytes != 0) return max_bytes;
  uint64_t free = 0;
  if (disk.free_bytes(free) != 0) return UINT64_MAX / 4;
  return (free + already) / 5 * 4;
}

// Small journals have small segments, so that one that is kept alive does not weigh much.
JournalOptions fitted(JournalOptions options, Disk& disk) {
  const uint64_t limit = limit_of(disk, options.max_bytes, 0);
  const uint64_t segment = std::max(kSmallestSegment, limit / 16 / kSmallestSegment * kSmallestSegment);
  options.segment_bytes = static_cast<uint32_t>(std::min<uint64_t>(options.segment_bytes, segment));
  return options;
}

}  // namespace

DiskJournal::Impl::Impl(World its_world, JournalOptions its_options)
    : world(its_world),
      options(fitted(std::move(its_options), *world.disk)),
      metrics(*world.telemetry),
      log(*world.disk, *world.log, {.segment_bytes = options.segment_bytes, .reserve = 1}),
      refused(*world.disk),
      spilled(std::make_shared<SpillStore>(SpillStore::World{world.disk, world.helper, world.budget, world.log})) {}

std::string DiskJournal::Impl::open() {
  found = recover(*world.disk, log, books);
  if (!found.refused.empty()) return found.refused;
  // A broken one must not take the place of the sound one when the next is written.
  if (found.checkpoint == kOldCheckpoint) world.disk->rename(kCheckpoint, kBrokenCheckpoint);
  spilled->delete_old();
  next = found.next;
  items = found.items;
  generation = found.generation;
  checkpoint_bytes = found.checkpoint_bytes;
  head_segment = found.segment;
  head_end = found.offset;
  max_bytes = limit_of(*world.disk, options.max_bytes, log.disk_bytes());
  const Time now = world.clock->now();
  round_at = last_save = now.mono;
  settlements_at = now.mono;
  metrics.corrupt.add(static_cast<double>(found.corrupt_records));
  for (const Damage& damage : found.log.damages) {
    if (damage.torn_tail) continue;
    world.log->error("journal", "damaged",
                     {{"segment", std::to_string(damage.segment)},
                      {"offset", std::to_string(damage.offset)},
                      {"bytes", std::to_string(damage.bytes)}});
  }
  survey_segments();
  set_health();
  return {};
}

DestinationId DiskJournal::Impl::destination_named(const std::string& name) const {
  for (const JournalRoute& route : configured) {
    const auto& names = route.names.destinations;
    const auto at = std::find(names.begin(), names.end(), name);
    if (at != names.end()) return route.destinations[static_cast<size_t>(at - names.begin())];
  }
  return kNoDestination;
}

// The configured route that takes most of the destinations, the record's own receiver first; UINT32_MAX where none
// takes any.
uint32_t DiskJournal::Impl::best_match(const Route& route) const {
  uint32_t best = UINT32_MAX;
  size_t most = 0;
  for (uint32_t i = 0; i < configured.size(); ++i) {
    const Route& now = configured[i].names;
    if (now.signal != route.signal) continue;
    const auto is_there = [&](const std::string& name) {
      return std::find(now.destinations.begin(), now.destinations.end(), name) != now.destinations.end();
    };
    const auto same = std::count_if(route.destinations.begin(), route.destinations.end(), is_there);
    const size_t score = static_cast<size_t>(same) * 2 + (same > 0 && now.receiver == route.receiver ? 1 : 0);
    if (score <= most) continue;
    most = score;
    best = i;
  }
  return best;
}

// Of one route of the books: as which it is replayed, and the numbers of its destinations there.
void DiskJournal::Impl::map_route(uint32_t number) {
  const Route& route = books.routes()[number];
  AccountRoute& account = inbox->routes.emplace_back();
  replay_as.push_back(best_match(route));
  const JournalRoute* now = replay_as.back() == UINT32_MAX ? nullptr : &configured[replay_as.back()];
  for (uint32_t i = 0; i < route.destinations.size(); ++i) {
    account.several.push_back(books.ways(number, i) > 1);
    account.destinations.push_back(kNoDestination);
    if (now == nullptr) continue;
    const auto& names = now->names.destinations;
    const auto at = std::find(names.begin(), names.end(), route.destinations[i]);
    if (at != names.end()) account.destinations.back() = now->destinations[static_cast<size_t>(at - names.begin())];
  }
  route_differs.push_back(now == nullptr || now->names.destinations != route.destinations);
}

std::vector<LostItems> DiskJournal::Impl::set_routes(std::vector<JournalRoute> routes) {
  configured = std::move(routes);
  for (const JournalRoute& route : configured) current.push_back(books.add_route(route.names));
  for (uint32_t i = 0; i < books.routes().size(); ++i) map_route(i);
  log.set_routes(books.routes());
  std::vector<LostItems> lost;
  for (const LostByName& items_lost : found.lost) {
    const std::string& name = items_lost.destination;
    lost.push_back({destination_named(name), name.empty() ? "unknown" : name, items_lost.items, DropReason::kCorrupt,
                    items_lost.signal});
  }
  drop_removed(lost);
  quarantine_crashers(lost);
  // Once it is told, it is not to be told again by the next start.
  if (!lost.empty() || !found.log.damages.empty()) {
    const int error = write_checkpoint(*world.disk, make_checkpoint());
    if (error != 0) world.log->warn("journal", "cannot write a checkpoint", {{"error", errno_text(error)}});
    if (error == 0) dead_then = dead_now;
  }
  return lost;
}

void DiskJournal::Impl::drop_removed(std::vector<LostItems>& lost) {
  std::map<std::pair<uint32_t, uint32_t>, uint64_t> removed;  // (route, destination)
  uint64_t record = 0;
  while (const RecordBook* book = books.next_after(record, record)) {
    const uint32_t route = book->route;
    for (uint32_t i = 0; i < inbox->routes[route].destinations.size(); ++i) {
      if (inbox->routes[route].destinations[i] != kNoDestination || book->open[i].items == 0) continue;
      removed[{route, i}] += book->open[i].items;
      if (books.settle(record, i, {})) break;
    }
  }
  for (const auto& [place, count] : removed) {
    const Route& route = books.routes()[place.first];
    lost.push_back(
        {kNoDestination, route.destinations[place.second], count, DropReason::kDestinationRemoved, route.signal});
  }
}

void DiskJournal::Impl::lose(uint64_t record, std::vector<LostItems>& lost) {
  const RecordBook* book = books.find(record);
  const Route& route = books.routes()[book->route];
  for (uint32_t i = 0; i < book->open.size(); ++i) {
    if (book->open[i].items == 0) continue;
    lost.push_back({inbox->routes[book->route].destinations[i], route.destinations[i], book->open[i].items,
                    DropReason::kCorrupt, route.signal});
  }
  books.settle(record, SettlementEntry::kEverywhere, {});
}

void DiskJournal::Impl::quarantine_crashers(std::vector<LostItems>& lost) {
  for (const auto& [record, crashes] : options.crashes) {
    const RecordBook* book = books.find(record);
    if (crashes < 2 || book == nullptr) continue;
    RecordHead head;
    BufferRef payload;
    int error = log.read(book->at, head, payload, Reservation::take(*world.budget, book->at.size));
    if (error == 0) error = put_into_quarantine(*world.disk, record, payload->view());
    world.log->error(
        "journal", "a record that crashed the process twice is set aside",
        {{"file", "quarantine/" + std::to_string(record)}, {"error", error == 0 ? "" : errno_text(error)}});
    metrics.quarantined.add();
    lose(record, lost);
  }
}

}  // namespace weir::journal
