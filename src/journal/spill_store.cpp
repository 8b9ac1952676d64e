// SPDX-License-Identifier: Apache-2.0
#include "journal/spill_store.h"

#include <charconv>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace weir::journal {

namespace {

constexpr std::string_view kPrefix = "spill-";

bool is_spill_file(std::string_view name) {
  if (!name.starts_with(kPrefix)) return false;
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(name.data() + kPrefix.size(), name.data() + name.size(), number);
  return error == std::errc() && end == name.data() + name.size();
}

}  // namespace

class SpillStore::Place final : public SpilledBytes {
 public:
  Place(std::shared_ptr<SpillStore> store, uint64_t number) : store_(std::move(store)), number_(number) {}
  ~Place() override { store_->forget(number_); }
  uint64_t number() const override { return number_; }
  BufferRef in_memory() const override { return store_->in_memory(number_); }

 private:
  const std::shared_ptr<SpillStore> store_;
  const uint64_t number_;
};

void SpillStore::delete_old() {
  std::vector<std::string> names;
  world_.disk->list("", names);
  for (const std::string& name : names) {
    if (is_spill_file(name)) world_.disk->remove(name);
  }
}

SpilledRef SpillStore::put(BufferRef bytes) {
  std::shared_ptr<const Place> place;
  {
    const std::lock_guard lock(mutex_);
    const auto known = by_buffer_.find(bytes.get());
    if (known != by_buffer_.end() && (place = known->second.lock())) return place;
    const uint64_t number = ++last_number_ | kMark;
    place = std::make_shared<const Place>(shared_from_this(), number);
    by_buffer_[bytes.get()] = place;
    entries_[number] = {bytes, 0, 0, bytes->size()};
    unwritten_.push_back(number);
  }
  wake();
  return place;
}

void SpillStore::forget(uint64_t number) {
  BufferRef freed;  // after the lock
  const std::lock_guard lock(mutex_);
  const auto entry = entries_.find(number);
  if (entry->second.bytes) {
    const auto known = by_buffer_.find(entry->second.bytes.get());
    if (known != by_buffer_.end() && known->second.expired()) by_buffer_.erase(known);
  }
  if (entry->second.file != 0) --files_.at(entry->second.file).wanted;
  freed = std::move(entry->second.bytes);
  entries_.erase(entry);
}

BufferRef SpillStore::in_memory(uint64_t number) const {
  const std::lock_guard lock(mutex_);
  const auto entry = entries_.find(number);
  return entry == entries_.end() ? BufferRef() : entry->second.bytes;
}

void SpillStore::read(uint64_t number, Shard& back, absl::AnyInvocable<void(BufferRef)> done) {
  world_.helper->post([self = shared_from_this(), number, &back, done = std::move(done)]() mutable {
    back.post([bytes = self->read_back(number), done = std::move(done)]() mutable { done(std::move(bytes)); });
  });
}

BufferRef SpillStore::read_back(uint64_t number) {
  Entry entry;
  DiskFile* file = nullptr;
  {
    const std::lock_guard lock(mutex_);
    const auto found = entries_.find(number);
    if (found == entries_.end()) return {};
    if (found->second.bytes) return found->second.bytes;
    entry = found->second;
    file = files_.at(entry.file).disk.get();
  }
  BufferRef bytes = BufferRef::allocate(entry.size, Reservation::take(*world_.budget, entry.size));
  size_t got = 0;
  const int error = file->read(entry.offset, bytes->data(), entry.size, got);
  if (error == 0 && got == entry.size) return bytes;
  world_.log->error("journal", "spilled bytes cannot be read",
                    {{"error", error == 0 ? "short file" : std::generic_category().message(error)}});
  return {};
}

void SpillStore::tick(uint64_t room) {
  room_.store(room, std::memory_order_relaxed);
  {
    const std::lock_guard lock(mutex_);
    if (entries_.empty() && files_.empty()) return;
  }
  wake();
}

void SpillStore::wake() {
  if (awake_.exchange(true)) return;
  world_.helper->post([self = shared_from_this()] {
    self->awake_.store(false);
    self->work();
  });
}

void SpillStore::work() {
  while (write_next()) {
  }
  let_go_of_written();
  delete_unwanted();
}

// False where nothing is left to be written, or the disk does not take it now.
bool SpillStore::write_next() {
  uint64_t number = 0;
  BufferRef bytes;
  File* file = nullptr;
  {
    const std::lock_guard lock(mutex_);
    while (!unwritten_.empty() && !entries_.contains(unwritten_.front())) unwritten_.pop_front();
    if (unwritten_.empty()) return false;
    number = unwritten_.front();
    bytes = entries_.at(number).bytes;
  }
  if (disk_bytes() + bytes->size() > room_.load(std::memory_order_relaxed)) return false;
  file = file_for(bytes->size());
  if (file == nullptr) return false;
  const std::string_view view = bytes->view();
  const uint64_t offset = file->end;
  const int error = file->disk->write(offset, {&view, 1});
  bytes = {};
  wrote(number, last_file_, offset, error);
  return error == 0;
}

// The file that is written to; null where none can be made.
SpillStore::File* SpillStore::file_for(uint64_t size) {
  if (last_file_ != 0) {
    const std::lock_guard lock(mutex_);
    const auto last = files_.find(last_file_);
    if (last != files_.end() && (last->second.end == 0 || last->second.end + size <= kFileBytes)) return &last->second;
  }
  std::unique_ptr<DiskFile> made;
  const std::string name = std::string(kPrefix) + std::to_string(last_file_ + 1);
  if (world_.disk->open(name, Disk::Mode::kCreate, made) != 0) return nullptr;
  const std::lock_guard lock(mutex_);
  File& file = files_[++last_file_];
  file.disk = std::move(made);
  return &file;
}

void SpillStore::wrote(uint64_t number, uint64_t file, uint64_t offset, int error) {
  const std::lock_guard lock(mutex_);
  if (std::exchange(failing_, error != 0) != failing_) {
    if (error != 0) world_.log->warn("journal", "cannot spill", {{"error", std::generic_category().message(error)}});
  }
  if (error != 0) return;
  unwritten_.pop_front();
  const auto entry = entries_.find(number);
  File& to = files_.at(file);
  const uint64_t size = entry == entries_.end() ? 0 : entry->second.size;
  if (size == 0) return;  // forgotten meanwhile: written over
  entry->second.file = file;
  entry->second.offset = offset;
  to.end += size;
  ++to.wanted;
  disk_bytes_.fetch_add(size, std::memory_order_relaxed);
}

// Bytes that nobody else holds.
void SpillStore::let_go_of_written() {
  std::vector<BufferRef> freed;  // both after the lock
  std::vector<std::shared_ptr<const Place>> places;
  const std::lock_guard lock(mutex_);
  for (auto it = by_buffer_.begin(); it != by_buffer_.end();) {
    const std::shared_ptr<const Place>& place = places.emplace_back(it->second.lock());
    const auto entry = place ? entries_.find(place->number()) : entries_.end();
    const bool done = entry != entries_.end() && entry->second.file != 0 && entry->second.bytes.is_only_one();
    if (done) freed.push_back(std::move(entry->second.bytes));
    done ? by_buffer_.erase(it++) : static_cast<void>(++it);
  }
}

void SpillStore::delete_unwanted() {
  std::vector<std::string> names;
  {
    const std::lock_guard lock(mutex_);
    for (auto it = files_.begin(); it != files_.end();) {
      if (it->second.wanted > 0 || it->second.end == 0) {
        ++it;
        continue;
      }
      disk_bytes_.fetch_sub(it->second.end, std::memory_order_relaxed);
      names.push_back(std::string(kPrefix) + std::to_string(it->first));
      it = files_.erase(it);
    }
  }
  for (const std::string& name : names) world_.disk->remove(name);
}

}  // namespace weir::journal
