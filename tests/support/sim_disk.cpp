// SPDX-License-Identifier: Apache-2.0
#include "support/sim_disk.h"

#include <algorithm>
#include <cerrno>
#include <set>
#include <stdexcept>

namespace weir::test {
namespace {

constexpr uint64_t kSector = 512;

void write_over(std::string& content, uint64_t offset, std::string_view bytes) {
  if (content.size() < offset + bytes.size()) content.resize(offset + bytes.size());
  content.replace(offset, bytes.size(), bytes);
}

std::string directory_of(const std::string& name) {
  const size_t slash = name.rfind('/');
  return slash == std::string::npos ? "" : name.substr(0, slash);
}

// Calls `visit(sector, offset, bytes)` for the part of the bytes in each sector.
template <class Visit>
void for_each_sector(uint64_t offset, std::string_view bytes, Visit visit) {
  while (!bytes.empty()) {
    const uint64_t sector = offset / kSector;
    const std::string_view piece = bytes.substr(0, (sector + 1) * kSector - offset);
    visit(sector, offset, piece);
    offset += piece.size();
    bytes.remove_prefix(piece.size());
  }
}

// A chance for a whole crash: nothing, everything, or something between.
double draw_share(std::mt19937_64& random) {
  switch (random() % 4) {
    case 0:
      return 0;
    case 1:
      return 1;
    default:
      return static_cast<double>(random() % 1000) / 1000;
  }
}

}  // namespace

class SimDisk::File final : public DiskFile {
 public:
  File(SimDisk& disk, NodeRef node, std::string name, bool writable)
      : disk_(disk), node_(std::move(node)), name_(std::move(name)), writable_(writable) {}

  int write(uint64_t offset, std::span<const std::string_view> pieces) override {
    return writable_ ? disk_.write(*node_, name_, offset, pieces) : EBADF;
  }
  int read(uint64_t offset, char* to, size_t size, size_t& got) override {
    got = 0;
    if (const int error = disk_.asked(Op::kRead, name_); error != 0) return error;
    if (offset < node_->now.size()) got = node_->now.copy(to, size, offset);
    return 0;
  }
  int sync() override { return disk_.sync(*node_, name_); }
  int truncate(uint64_t size) override {
    if (!writable_) return EBADF;
    if (const int error = disk_.asked(Op::kTruncate, name_); error != 0) return error;
    node_->now.resize(size);
    node_->changes.push_back({.offset = size, .cut = true});
    return 0;
  }
  int size(uint64_t& bytes) override {
    if (const int error = disk_.asked(Op::kSize, name_); error != 0) return error;
    bytes = node_->now.size();
    return 0;
  }

 private:
  SimDisk& disk_;
  NodeRef node_;
  std::string name_;
  bool writable_;
};

// Each sector has gone through so many states: one of them is drawn, and of the next one perhaps some bytes too.
std::string SimDisk::survivor(const Node& node, std::mt19937_64& random) {
  std::map<uint64_t, uint64_t> writes;  // by sector
  for (const Change& change : node.changes) {
    for_each_sector(change.offset, change.bytes,
                    [&](uint64_t sector, uint64_t, std::string_view) { ++writes[sector]; });
  }
  const double share = draw_share(random);
  for (auto& [sector, count] : writes) {
    if (share < 1) count = static_cast<double>(random() % 1000) / 1000 < share ? random() % (count + 1) : 0;
  }
  std::string content = node.safe;
  for (const Change& change : node.changes) {
    if (change.cut && (share == 1 || random() % 2 == 0)) content.resize(change.offset);
    for_each_sector(change.offset, change.bytes, [&](uint64_t sector, uint64_t offset, std::string_view bytes) {
      uint64_t& left = writes[sector];
      if (left > 0 && left != UINT64_MAX) {
        --left;
        write_over(content, offset, bytes);
      } else if (left == 0) {
        left = UINT64_MAX;  // torn or not: what comes later is lost
        if (share > 0 && random() % 8 == 0) write_over(content, offset, bytes.substr(0, random() % bytes.size()));
      }
    });
  }
  return content;
}

void SimDisk::apply(const NameChange& change, Names& names) {
  if (!change.from.empty()) names.erase(change.from);
  if (change.node) names[change.to] = change.node;
}

std::unique_ptr<SimDisk> SimDisk::kill() const {
  auto left = std::make_unique<SimDisk>();
  std::map<NodeRef, NodeRef> copies;
  const auto copy = [&](const NodeRef& node) {
    if (!node) return node;
    NodeRef& its_copy = copies[node];
    if (!its_copy) its_copy = std::make_shared<Node>(*node);
    return its_copy;
  };
  for (const auto& [name, node] : names_) left->names_[name] = copy(node);
  for (const auto& [name, node] : safe_names_) left->safe_names_[name] = copy(node);
  for (const NameChange& change : name_changes_) {
    left->name_changes_.push_back({change.from, change.to, copy(change.node)});
  }
  left->directories_ = directories_;
  left->capacity_ = capacity_;
  left->random_ = random_;
  return left;
}

std::unique_ptr<SimDisk> SimDisk::crash(std::mt19937_64& random) const {
  auto left = std::make_unique<SimDisk>(random());
  Names names = safe_names_;
  const size_t kept = random() % (name_changes_.size() + 1);
  for (size_t i = 0; i < kept; ++i) apply(name_changes_[i], names);
  for (const auto& [name, node] : names) left->put(name, survivor(*node, random));
  left->directories_ = directories_;
  left->capacity_ = capacity_;
  return left;
}

void SimDisk::fail(Op op, int error, uint64_t nth, uint64_t times) {
  const uint64_t first = calls(op) + nth;
  faults_.push_back({op, error, first, first + times - 1});
}

void SimDisk::heal() {
  faults_.clear();
  on_call = nullptr;
}

uint64_t SimDisk::calls(Op op) const {
  const auto found = calls_.find(op);
  return found == calls_.end() ? 0 : found->second;
}

int SimDisk::asked(Op op, const std::string& name) {
  const uint64_t call = ++calls_[op];
  for (const Fault& fault : faults_) {
    if (fault.op == op && call >= fault.first && call <= fault.last) return fault.error;
  }
  return on_call ? on_call(op, name) : 0;
}

uint64_t SimDisk::used() const {
  uint64_t bytes = 0;
  for (const auto& [name, node] : names_) bytes += node->now.size();
  return bytes;
}

SimDisk::Node& SimDisk::at(const std::string& name) {
  const auto found = names_.find(name);
  if (found == names_.end()) throw std::out_of_range("no file " + name);
  return *found->second;
}

std::vector<std::string> SimDisk::names() const {
  std::vector<std::string> all;
  for (const auto& [name, node] : names_) all.push_back(name);
  return all;
}

std::string SimDisk::bytes(const std::string& name) const { return const_cast<SimDisk*>(this)->at(name).now; }

void SimDisk::put(const std::string& name, std::string content) {
  NodeRef& node = names_[name];
  if (!node) node = std::make_shared<Node>();
  *node = {content, std::move(content), {}};
  safe_names_[name] = node;
}

void SimDisk::corrupt(const std::string& name, uint64_t offset, std::string_view bytes) {
  Node& node = at(name);
  if (offset >= node.now.size()) return;
  node.now.replace(offset, bytes.size(), bytes.substr(0, node.now.size() - offset));
  put(name, node.now);
}

void SimDisk::flip_bit(const std::string& name, uint64_t offset, uint32_t bit) {
  const char byte = at(name).now.at(offset);
  const char flipped = static_cast<char>(static_cast<uint8_t>(byte) ^ 1U << bit);
  corrupt(name, offset, {&flipped, 1});
}

void SimDisk::zero(const std::string& name, uint64_t offset, uint64_t size) {
  corrupt(name, offset, std::string(size, '\0'));
}

void SimDisk::cut(const std::string& name, uint64_t size) {
  std::string content = at(name).now;
  content.resize(size);
  put(name, std::move(content));
}

void SimDisk::drop(const std::string& name) {
  names_.erase(name);
  safe_names_.erase(name);
}

int SimDisk::write(Node& node, const std::string& name, uint64_t offset, std::span<const std::string_view> pieces) {
  std::string all;
  for (std::string_view piece : pieces) all += piece;
  int error = asked(Op::kWrite, name);
  if (error != 0 && !all.empty()) all.resize(random_() % all.size());
  const uint64_t size = node.now.size();
  if (offset + all.size() > size && offset + all.size() - size > room()) {
    all.resize(size + room() > offset ? size + room() - offset : 0);
    error = error != 0 ? error : ENOSPC;
  }
  if (all.empty()) return error;
  write_over(node.now, offset, all);
  node.changes.push_back({.offset = offset, .bytes = std::move(all)});
  return error;
}

int SimDisk::sync(Node& node, const std::string& name) {
  const int error = asked(Op::kSync, name);
  if (error != 0) {
    node.safe = survivor(node, random_);
  } else {
    for (const Change& change : node.changes) {
      if (change.cut) node.safe.resize(change.offset);
      if (!change.bytes.empty()) write_over(node.safe, change.offset, change.bytes);
    }
  }
  node.changes.clear();
  return error;
}

int SimDisk::open(const std::string& name, Mode mode, std::unique_ptr<DiskFile>& file) {
  if (const int error = asked(Op::kOpen, name); error != 0) return error;
  const std::string directory = directory_of(name);
  if (std::find(directories_.begin(), directories_.end(), directory) == directories_.end()) return ENOENT;
  auto found = names_.find(name);
  if (found == names_.end() && mode != Mode::kCreate) return ENOENT;
  if (found == names_.end()) {
    name_changes_.push_back({"", name, std::make_shared<Node>()});
    found = names_.emplace(name, name_changes_.back().node).first;
  } else if (mode == Mode::kCreate) {
    found->second->now.clear();
    found->second->changes.push_back({.offset = 0, .cut = true});
  }
  file = std::make_unique<File>(*this, found->second, name, mode != Mode::kRead);
  return 0;
}

int SimDisk::list(const std::string& directory, std::vector<std::string>& names) {
  names.clear();
  if (const int error = asked(Op::kList, directory); error != 0) return error;
  if (std::find(directories_.begin(), directories_.end(), directory) == directories_.end()) return ENOENT;
  for (const auto& [name, node] : names_) {
    if (directory_of(name) == directory) names.push_back(directory.empty() ? name : name.substr(directory.size() + 1));
  }
  return 0;
}

int SimDisk::make_directory(const std::string& name) {
  if (std::find(directories_.begin(), directories_.end(), name) == directories_.end()) directories_.push_back(name);
  return 0;
}

int SimDisk::rename(const std::string& from, const std::string& to) {
  if (const int error = asked(Op::kRename, from); error != 0) return error;
  const auto found = names_.find(from);
  if (found == names_.end()) return ENOENT;
  name_changes_.push_back({from, to, found->second});
  apply(name_changes_.back(), names_);
  return 0;
}

int SimDisk::remove(const std::string& name) {
  if (const int error = asked(Op::kRemove, name); error != 0) return error;
  if (!names_.contains(name)) return ENOENT;
  name_changes_.push_back({name, "", nullptr});
  apply(name_changes_.back(), names_);
  return 0;
}

int SimDisk::sync_directory(const std::string& directory) {
  if (const int error = asked(Op::kSyncDirectory, directory); error != 0) return error;
  std::erase_if(name_changes_, [&](const NameChange& change) {
    const bool touches = (!change.from.empty() && directory_of(change.from) == directory) ||
                         (!change.to.empty() && directory_of(change.to) == directory);
    if (touches) apply(change, safe_names_);
    return touches;
  });
  return 0;
}

int SimDisk::free_bytes(uint64_t& bytes) {
  bytes = room();
  return 0;
}

}  // namespace weir::test
