// SPDX-License-Identifier: Apache-2.0
#include "journal/disk_journal.h"

#include "journal/disk_journal_impl.h"

namespace weir::journal {

DiskJournal::DiskJournal(World world, JournalOptions options)
    : impl_(std::make_shared<Impl>(world, std::move(options))) {}

DiskJournal::~DiskJournal() = default;

std::string DiskJournal::open() { return impl_->open(); }

std::vector<LostItems> DiskJournal::set_routes(std::vector<JournalRoute> routes) {
  return impl_->set_routes(std::move(routes));
}

void DiskJournal::append(AppendRequest request, Shard& back, absl::AnyInvocable<void(AppendResult)> done) {
  impl_->world.self->post([impl = impl_, request = std::move(request), &back, done = std::move(done)]() mutable {
    impl->append(std::move(request), back, std::move(done));
  });
}

void DiskJournal::append_decisions(const std::string& sampler, std::vector<LoggedDecision> decisions, Shard& back,
                                   Task written) {
  impl_->world.self->post(
      [impl = impl_, sampler, decisions = std::move(decisions), &back, written = std::move(written)]() mutable {
        impl->decide(sampler, decisions, back, std::move(written));
      });
}

std::vector<LoggedDecision> DiskJournal::restored_decisions(const std::string& sampler) const {
  return impl_->books.decisions(sampler);
}

void DiskJournal::checkpoint(const std::string& component, std::string state, std::vector<Absorbed> absorbed,
                             Shard& back, absl::AnyInvocable<void(bool ok)> durable) {
  impl_->world.self->post([impl = impl_, component, state = std::move(state), absorbed = std::move(absorbed), &back,
                           durable = std::move(durable)]() mutable {
    impl->checkpoint(component, std::move(state), absorbed, back, std::move(durable));
  });
}

std::string DiskJournal::restored_state(const std::string& component) const { return impl_->books.state(component); }

uint64_t DiskJournal::checkpoint_round() const { return impl_->round.load(std::memory_order_relaxed); }

SpilledRef DiskJournal::spill(BufferRef bytes) { return impl_->spilled->put(std::move(bytes)); }

void DiskJournal::read(uint64_t record, Shard& back, absl::AnyInvocable<void(BufferRef)> done) {
  if (SpillStore::has_number(record)) return impl_->spilled->read(record, back, std::move(done));
  impl_->world.self->post([impl = impl_, record, &back, done = std::move(done)]() mutable {
    impl->read({record, &back, std::move(done)});
  });
}

void DiskJournal::keep_refused(Signal signal, std::string request, std::string destination, std::string message) {
  RefusedItems items{signal, impl_->world.clock->now().wall, std::move(destination), std::move(message),
                     std::move(request)};
  impl_->world.helper->post([impl = impl_, items = std::move(items)] {
    if (const int error = impl->refused.add(items); error != 0) {
      impl->world.log->warn("journal", "cannot keep refused items", {{"error", errno_text(error)}});
    }
  });
}

void DiskJournal::replay(uint64_t after, uint64_t bytes, Shard& back,
                         absl::AnyInvocable<void(std::vector<ReplayRecord> records, bool end)> done) {
  impl_->world.self->post([impl = impl_, after, bytes, &back, done = std::move(done)]() mutable {
    impl->replay({after, bytes, &back, std::move(done)});
  });
}

void DiskJournal::tick(Time now) { impl_->tick(now); }

void DiskJournal::close(absl::AnyInvocable<void(bool ok)> done) { impl_->close(std::move(done)); }

JournalHealth DiskJournal::health() const {
  const std::lock_guard lock(impl_->health_mutex);
  return impl_->health;
}

}  // namespace weir::journal
