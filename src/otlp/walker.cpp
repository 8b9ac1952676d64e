// SPDX-License-Identifier: Apache-2.0
#include "otlp/walker.h"

#include <utility>

#include "absl/container/inlined_vector.h"
#include "otlp/fields.h"
#include "otlp/schema.h"
#include "otlp/span_reader.h"
#include "otlp/wire.h"

namespace weir::otlp {
namespace {

using schema::Verdict;

// An entry of the resource, scope or range tables, for index_limit.
constexpr uint64_t kTableEntry = 32;

std::string text_of(Verdict verdict, std::string_view where) {
  std::string text = "invalid protobuf in " + std::string(where) + ": ";
  switch (verdict) {
    case Verdict::kWrongWireType:
      return text + "wrong wire type";
    case Verdict::kTooDeep:
      return text + "attribute values are nested deeper than " + std::to_string(kMaxValueDepth) + " levels";
    default:
      return text + "cut off or malformed field";
  }
}

class Walk {
 public:
  Walk(Signal signal, Part part, Batch& out, uint64_t index_limit)
      : signal_(signal), out_(out), index_left_(index_limit) {
    bytes_ = part.bytes ? part.bytes->view() : std::string_view();
    out_ = {};
    out_.signal = signal;
    out_.whole = true;
    if (signal == Signal::kTraces) out_.spans.reserve(bytes_.size() / 300 + 1);
    out_.parts.push_back(std::move(part));
  }

  WalkResult run() {
    FieldCursor request(bytes_);
    while (request.next() && result_.ok) {
      spend(kTableEntry);
      if (request.number() != field::request::kResources) {
        out_.top_level.emplace_back(0, range_of(request.raw()));
      } else if (request.type() == WireType::kBytes) {
        walk_resource(request.bytes());
      } else {
        refuse(Verdict::kWrongWireType, "request");
      }
    }
    if (!request.ok()) refuse(Verdict::kMalformed, "request");
    return finish();
  }

 private:
  Range range_of(std::string_view bytes) const {
    return {static_cast<uint32_t>(bytes.data() - bytes_.data()), static_cast<uint32_t>(bytes.size())};
  }
  void refuse(Verdict verdict, std::string_view where) {
    if (!result_.ok) return;
    result_ = {.ok = false, .error = text_of(verdict, where), .too_deep = verdict == Verdict::kTooDeep};
  }
  void spend(uint64_t bytes) {
    if (bytes <= index_left_) {
      index_left_ -= bytes;
    } else if (result_.ok) {
      result_ = {.ok = false, .error = "too many items", .too_many = true};
    }
  }
  bool check(Verdict verdict, std::string_view where) {
    if (verdict != Verdict::kOk) refuse(verdict, where);
    return result_.ok;
  }

  void walk_resource(std::string_view message) {
    const auto index = static_cast<uint32_t>(out_.resources.size());
    out_.resources.emplace_back();
    header_.clear();
    FieldCursor cursor(message);
    while (cursor.next() && result_.ok) {
      spend(kTableEntry);
      if (cursor.is(field::resource_group::kScopes, WireType::kBytes)) {
        walk_scope(index, cursor.bytes());
      } else if (check_header(cursor, schema::kResource, "resource")) {
        add_range(header_, cursor.raw());
      }
    }
    if (!cursor.ok()) refuse(Verdict::kMalformed, "resource");
    ResourceEntry& entry = out_.resources[index];
    entry.first_range = static_cast<uint32_t>(out_.ranges.size());
    entry.range_count = static_cast<uint32_t>(header_.size());
    out_.ranges.insert(out_.ranges.end(), header_.begin(), header_.end());
  }

  void walk_scope(uint32_t resource, std::string_view message) {
    const auto index = static_cast<uint32_t>(out_.scopes.size());
    out_.scopes.push_back({resource, 0, 0, 0});
    scope_header_.clear();
    FieldCursor cursor(message);
    while (cursor.next() && result_.ok) {
      spend(sizeof(SpanRecord));
      if (cursor.is(field::scope_group::kItems, WireType::kBytes)) {
        walk_item(index, cursor.bytes());
      } else if (check_header(cursor, schema::kScope, "scope")) {
        add_range(scope_header_, cursor.raw());
      }
    }
    if (!cursor.ok()) refuse(Verdict::kMalformed, "scope");
    ScopeEntry& entry = out_.scopes[index];
    entry.first_range = static_cast<uint32_t>(out_.ranges.size());
    entry.range_count = static_cast<uint32_t>(scope_header_.size());
    out_.ranges.insert(out_.ranges.end(), scope_header_.begin(), scope_header_.end());
  }

  // ResourceX and ScopeX alike: 1 is a message, 2 a child (not of another wire type), 3 the schema url.
  bool check_header(const FieldCursor& cursor, const schema::Message& first, std::string_view where) {
    if (cursor.number() > field::resource_group::kSchemaUrl) return true;
    if (cursor.type() != WireType::kBytes) return check(Verdict::kWrongWireType, where);
    if (cursor.number() != field::resource_group::kResource) return true;
    return check(schema::validate(first, cursor.bytes()), where);
  }

  using Ranges = absl::InlinedVector<Range, 8>;
  void add_range(Ranges& ranges, std::string_view raw) {
    const Range range = range_of(raw);
    if (!ranges.empty() && ranges.back().offset + ranges.back().length == range.offset) {
      ranges.back().length += range.length;
    } else {
      ranges.push_back(range);
    }
  }

  void walk_item(uint32_t scope, std::string_view message) {
    if (signal_ == Signal::kTraces) return walk_span(scope, message);
    const bool metric = signal_ == Signal::kMetrics;
    const Verdict verdict = schema::validate(metric ? schema::kMetric : schema::kLogRecord, message);
    if (verdict != Verdict::kOk && verdict != Verdict::kBadId) return refuse(verdict, metric ? "metric" : "log record");
    const uint32_t count = metric ? count_points(message) : 1;
    if (verdict == Verdict::kBadId) return reject(count);
    out_.items.push_back({range_of(message), 0, scope, static_cast<uint32_t>(out_.items.size()), count});
  }

  void walk_span(uint32_t scope, std::string_view message) {
    SpanRecord& span = out_.spans.emplace_back();
    span.scope = scope;
    span.item = static_cast<uint32_t>(out_.spans.size() - 1);
    span.body = range_of(message);
    const Verdict verdict = read_span(message, bytes_.data(), span);
    if (verdict == Verdict::kOk) return;
    out_.spans.pop_back();
    if (verdict != Verdict::kBadId) return refuse(verdict, "span");
    reject(1);
  }

  void reject(uint32_t count) {
    result_.rejected += count;
    out_.whole = false;
    result_.rejected_reason = "a trace id must have 16 bytes and a span id 8 bytes (or none)";
  }

  WalkResult finish() {
    if (result_.ok && result_.rejected > 0 && out_.spans.empty() && out_.items.empty()) {
      result_.ok = false;
      result_.error = result_.rejected_reason;
    }
    if (!result_.ok) out_ = {};
    return std::move(result_);
  }

  const Signal signal_;
  Batch& out_;
  uint64_t index_left_;
  std::string_view bytes_;
  WalkResult result_;
  Ranges header_;
  Ranges scope_header_;
};

}  // namespace

WalkResult walk(Signal signal, Part part, Batch& out, uint64_t index_limit) {
  return Walk(signal, std::move(part), out, index_limit).run();
}

uint64_t index_size(std::string_view request) {
  uint64_t bytes = 0;
  for (FieldCursor group(request); group.next();) {
    bytes += kTableEntry;
    if (!group.is(field::request::kResources, WireType::kBytes)) continue;
    for (FieldCursor scopes(group.bytes()); scopes.next();) {
      bytes += kTableEntry;
      if (!scopes.is(field::resource_group::kScopes, WireType::kBytes)) continue;
      for (FieldCursor items(scopes.bytes()); items.next();) bytes += sizeof(SpanRecord);
    }
  }
  return bytes;
}

uint32_t count_points(std::string_view metric) {
  uint32_t count = 0;
  uint32_t data_field = 0;
  FieldCursor cursor(metric);
  while (cursor.next()) {
    const schema::Field* field = schema::kMetric.find(cursor.number());
    if (field == nullptr || field->presence != schema::Presence::kOneof) continue;
    if (data_field != cursor.number()) count = 0;  // another kind of data: the last one set wins
    data_field = cursor.number();
    FieldCursor data(cursor.bytes());
    while (data.next()) count += data.is(field::metric_data::kDataPoints, WireType::kBytes);
  }
  return count;
}

}  // namespace weir::otlp
