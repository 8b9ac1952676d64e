// SPDX-License-Identifier: Apache-2.0
#include "otlp/encoder.h"

#include <cstring>

#include "otlp/fields.h"
#include "otlp/writer.h"

namespace weir::otlp {
namespace {

constexpr char kResourceTag = field::request::kResources << 3 | 2;
constexpr char kChildTag = field::resource_group::kScopes << 3 | 2;  // scopes and items alike
static_assert(field::resource_group::kScopes == field::scope_group::kItems);
constexpr size_t kMaxPrefix = 1 + 5;  // tag and length

uint64_t with_prefix(uint64_t payload) { return 1 + varint_size(payload) + payload; }

// Sizes of all messages above the items, in one pass.
class Sizes {
 public:
  explicit Sizes(const Batch& batch) : scopes(batch.scopes.size()), resources(batch.resources.size()) {
    if (batch.signal == Signal::kTraces) {
      for (const SpanRecord& span : batch.spans) scopes[span.scope] += with_prefix(span.body.length);
    } else {
      for (const ItemRecord& item : batch.items) scopes[item.scope] += with_prefix(item.body.length);
    }
    for (size_t i = 0; i < scopes.size(); ++i) {
      scopes[i] += header_size(batch, batch.scopes[i]);
      resources[batch.scopes[i].resource] += with_prefix(scopes[i]);
    }
    for (size_t i = 0; i < resources.size(); ++i) {
      resources[i] += header_size(batch, batch.resources[i]);
      total += with_prefix(resources[i]);
    }
    for (const auto& [part, range] : batch.top_level) total += range.length;
  }

  std::vector<uint64_t> scopes;
  std::vector<uint64_t> resources;
  uint64_t total = 0;

 private:
  template <class Entry>
  static uint64_t header_size(const Batch& batch, const Entry& entry) {
    uint64_t size = 0;
    for (uint32_t i = 0; i < entry.range_count; ++i) size += batch.ranges[entry.first_range + i].length;
    return size;
  }
};

// Gathers pieces. A prefix (tag and length) that lies right before its payload in the sender's own bytes, as it mostly
// does, is taken from there: then neighbours in the request are one piece again.
class Gather {
 public:
  Gather(const Batch& batch, const Sizes& sizes, Encoded& out) : batch_(batch), sizes_(sizes), out_(out) {}

  void run() {
    const size_t records = batch_.signal == Signal::kTraces ? batch_.spans.size() : batch_.items.size();
    out_.scratch.reset(new char[(records + sizes_.scopes.size() + sizes_.resources.size()) * kMaxPrefix]);
    scratch_ = out_.scratch.get();
    for (size_t i = 0; i < batch_.resources.size(); ++i) add_resource(i);
    for (const auto& [part, range] : batch_.top_level) add(batch_.view(part, range));
  }

 private:
  void add_resource(size_t index) {
    const ResourceEntry& entry = batch_.resources[index];
    add_prefix(kResourceTag, sizes_.resources[index], entry);
    add_header(entry);
    for (; scope_ < batch_.scopes.size() && batch_.scopes[scope_].resource == index; ++scope_) add_scope(scope_);
  }
  void add_scope(size_t index) {
    const ScopeEntry& entry = batch_.scopes[index];
    add_prefix(kChildTag, sizes_.scopes[index], entry);
    add_header(entry);
    if (batch_.signal == Signal::kTraces) {
      add_items(batch_.spans, index);
    } else {
      add_items(batch_.items, index);
    }
  }
  template <class Record>
  void add_items(const std::vector<Record>& records, size_t scope) {
    for (; item_ < records.size() && records[item_].scope == scope; ++item_) {
      const Record& record = records[item_];
      add_prefix(kChildTag, record.body.length, *batch_.parts[record.part].bytes, record.body.offset);
      add(batch_.view(record.part, record.body));
    }
  }
  template <class Entry>
  void add_header(const Entry& entry) {
    for (uint32_t i = 0; i < entry.range_count; ++i) add(batch_.view(entry.part, batch_.ranges[entry.first_range + i]));
  }

  template <class Entry>
  void add_prefix(char tag, uint64_t length, const Entry& entry) {
    const uint32_t offset = entry.range_count == 0 ? 0 : batch_.ranges[entry.first_range].offset;
    add_prefix(tag, length, *batch_.parts[entry.part].bytes, offset);
  }
  // `offset`: where in `buffer` the payload starts, as far as is known.
  void add_prefix(char tag, uint64_t length, const Buffer& buffer, uint32_t offset) {
    scratch_[0] = tag;
    const auto size = static_cast<size_t>(write_varint(scratch_ + 1, length) - scratch_);
    if (offset >= size && std::memcmp(buffer.data() + offset - size, scratch_, size) == 0) {
      add({buffer.data() + offset - size, size});
    } else {
      add({scratch_, size});
      scratch_ += size;
    }
  }
  void add(std::string_view piece) {
    if (piece.empty()) return;
    out_.size += piece.size();
    if (!out_.pieces.empty() && out_.pieces.back().data() + out_.pieces.back().size() == piece.data()) {
      out_.pieces.back() = {out_.pieces.back().data(), out_.pieces.back().size() + piece.size()};
    } else {
      out_.pieces.push_back(piece);
    }
  }

  const Batch& batch_;
  const Sizes& sizes_;
  Encoded& out_;
  char* scratch_ = nullptr;
  size_t scope_ = 0;
  size_t item_ = 0;
};

bool is_whole(const Batch& batch) { return batch.whole && batch.parts.size() == 1 && batch.parts[0].bytes; }

}  // namespace

Encoded encode(const Batch& batch) {
  Encoded out;
  if (is_whole(batch)) {
    const std::string_view bytes = batch.parts[0].bytes->view();
    out.size = bytes.size();
    if (!bytes.empty()) out.pieces.push_back(bytes);
    return out;
  }
  const Sizes sizes(batch);
  Gather(batch, sizes, out).run();
  return out;
}

uint64_t encoded_size(const Batch& batch) {
  return is_whole(batch) ? batch.parts[0].bytes->size() : Sizes(batch).total;
}

void append_to(const Encoded& encoded, std::string& out) {
  out.reserve(out.size() + encoded.size);
  for (std::string_view piece : encoded.pieces) out.append(piece);
}

std::string encode_to_string(const Batch& batch) {
  std::string out;
  append_to(encode(batch), out);
  return out;
}

}  // namespace weir::otlp
