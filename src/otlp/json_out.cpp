// SPDX-License-Identifier: Apache-2.0
#include "otlp/json_out.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <utility>

#include "absl/container/inlined_vector.h"
#include "otlp/attributes.h"
#include "otlp/fields.h"
#include "otlp/schema.h"
#include "weir/ids.h"

namespace weir::otlp {
namespace {

using schema::Field;
using schema::Kind;
using schema::Message;
using schema::Presence;

// One occurrence of a field on the wire; `order` is its place in the specification.
struct Occurrence {
  size_t order;
  FieldCursor cursor;
};
using Occurrences = absl::InlinedVector<Occurrence, 16>;

// The occurrences of known fields in JSON's order (stable), of a oneof only the member that was set last.
Occurrences sorted_fields(const Message& message, std::string_view bytes) {
  Occurrences found;
  const Field* chosen = nullptr;
  FieldCursor cursor(bytes);
  while (cursor.next()) {
    const Field* field = message.find(cursor.number());
    if (field == nullptr) continue;
    if (field->presence == Presence::kOneof) chosen = field;
    found.push_back({static_cast<size_t>(field - message.fields.data()), cursor});
  }
  const auto overridden = [&](const Occurrence& one) {
    const Field& field = message.fields[one.order];
    return field.presence == Presence::kOneof && &field != chosen;
  };
  found.erase(std::remove_if(found.begin(), found.end(), overridden), found.end());
  const auto before = [](const Occurrence& a, const Occurrence& b) { return a.order < b.order; };
  if (!std::is_sorted(found.begin(), found.end(), before)) std::stable_sort(found.begin(), found.end(), before);
  return found;
}

bool is_default(const Field& field, const FieldCursor& value) {
  return schema::wire_type_of(field.kind) == WireType::kBytes ? value.bytes().empty() : value.value() == 0;
}

// Writes messages by the schema table. Recursion goes as deep as the data is nested, which the walk has limited.
class JsonWriter {
 public:
  explicit JsonWriter(std::string& out) : out_(out) {}

  void message(const Message& type, std::string_view bytes) {
    out_ += '{';
    members(type, bytes, 0, type.fields.size());
    out_ += '}';
  }

  // The members that are `first_order` to `last_order` (exclusive) in the specification; a comma goes before all but
  // that of order 0.
  void members(const Message& type, std::string_view bytes, size_t first_order, size_t last_order) {
    const Occurrences found = sorted_fields(type, bytes);
    bool first = first_order == 0;
    auto at = found.begin();
    for (size_t order = 0; order < last_order; ++order) {
      const auto begin = at;
      while (at != found.end() && at->order == order) ++at;
      const Field& field = type.fields[order];
      if (order < first_order || !is_shown(field, begin, at)) continue;
      if (!std::exchange(first, false)) out_ += ',';
      key(field.json);
      if (field.presence == Presence::kRepeated) {
        list(field, begin, at);
      } else {
        singular(field, begin, at);
      }
    }
  }

  void key(std::string_view name) {
    out_ += '"';
    out_ += name;
    out_ += "\":";
  }

 private:
  using Iterator = Occurrences::const_iterator;

  static bool is_shown(const Field& field, Iterator begin, Iterator end) {
    if (field.presence == Presence::kAlways) return true;
    if (begin == end) return false;
    return field.presence != Presence::kPlain || !is_default(field, std::prev(end)->cursor);
  }

  void singular(const Field& field, Iterator begin, Iterator end) {
    if (field.kind != Kind::kMessage) {
      if (begin == end) {
        out_ += "\"\"";  // an id that is not there
      } else {
        scalar(field.kind, std::prev(end)->cursor.value(), std::prev(end)->cursor.bytes());
      }
    } else if (end - begin == 1) {
      message(*field.message, begin->cursor.bytes());
    } else {
      std::string merged;  // a message that was sent in pieces: joined bytes are the merged message
      for (auto at = begin; at != end; ++at) merged += at->cursor.bytes();
      message(*field.message, merged);
    }
  }

  void list(const Field& field, Iterator begin, Iterator end) {
    const WireType type = schema::wire_type_of(field.kind);
    bool first = true;
    const auto separate = [&] {
      if (!std::exchange(first, false)) out_ += ',';
    };
    out_ += '[';
    for (auto at = begin; at != end; ++at) {
      if (type != WireType::kBytes) {
        for_each_number(at->cursor, type, [&](uint64_t value) {
          separate();
          scalar(field.kind, value, {});
        });
        continue;
      }
      separate();
      if (field.kind == Kind::kMessage) {
        message(*field.message, at->cursor.bytes());
      } else {
        scalar(field.kind, 0, at->cursor.bytes());
      }
    }
    out_ += ']';
  }

  void scalar(Kind kind, uint64_t value, std::string_view bytes) {
    switch (kind) {
      case Kind::kString:
        return append_json_string(bytes, out_);
      case Kind::kBytes:
        out_ += '"';
        append_base64(bytes, out_);
        out_ += '"';
        return;
      case Kind::kTraceId:
      case Kind::kSpanId:
        return id(bytes);
      case Kind::kBool:
        out_ += value != 0 ? "true" : "false";
        return;
      case Kind::kDouble:
        return real(std::bit_cast<double>(value));
      default:
        return number(kind, value);
    }
  }

  // An id of zeros is written as none, as the collector holds it.
  void id(std::string_view bytes) {
    const bool zero = bytes.find_first_not_of('\0') == std::string_view::npos;
    out_ += '"';
    if (!zero) out_ += to_hex(bytes);
    out_ += '"';
  }
  void number(Kind kind, uint64_t value) {
    switch (kind) {
      case Kind::kEnum:
      case Kind::kInt32:
        return digits(static_cast<int32_t>(value));
      case Kind::kSint32:
        return digits(static_cast<int32_t>(static_cast<uint32_t>(value) >> 1) ^ -static_cast<int32_t>(value & 1));
      case Kind::kUint32:
      case Kind::kFixed32:
        return digits(static_cast<uint32_t>(value));
      default:
        break;
    }
    out_ += '"';
    if (kind == Kind::kInt64 || kind == Kind::kSfixed64) {
      digits(static_cast<int64_t>(value));
    } else {
      digits(value);
    }
    out_ += '"';
  }
  template <class T>
  void digits(T value) {
    char text[24];
    out_.append(text, std::to_chars(text, text + sizeof text, value).ptr);
  }
  void real(double value) {
    if (std::isfinite(value)) return append_double(value, out_);
    out_ += std::isnan(value) ? "\"NaN\"" : value > 0 ? "\"Infinity\"" : "\"-Infinity\"";
  }

  std::string& out_;
};

// The header of a resource or scope entry as one piece of bytes.
template <class Entry>
std::string header_of(const Batch& batch, const Entry& entry) {
  std::string bytes;
  for (uint32_t i = 0; i < entry.range_count; ++i) bytes += batch.view(entry.part, batch.ranges[entry.first_range + i]);
  return bytes;
}

// Resource and scope levels, from the index; below them JsonWriter works on the items' bytes.
class BatchWriter {
 public:
  BatchWriter(const Batch& batch, std::string& out)
      : batch_(batch),
        out_(out),
        writer_(out),
        resources_(schema::request_of(batch.signal).fields[0]),
        scopes_(*resources_.message->find(field::resource_group::kScopes)),
        items_(*scopes_.message->find(field::scope_group::kItems)) {}

  void run() {
    out_ += '{';
    if (!batch_.resources.empty()) {
      writer_.key(resources_.json);
      array(batch_.resources.size(), [this](size_t i) { resource(i); });
    }
    out_ += '}';
  }

 private:
  template <class F>
  void array(size_t count, F&& element) {
    out_ += '[';
    for (size_t i = 0; i < count; ++i) {
      if (i > 0) out_ += ',';
      element(i);
    }
    out_ += ']';
  }
  // Resource or scope (always shown), the children, then the schema url: the order of the specification.
  template <class F>
  void group(const Message& type, const std::string& header, const Field& children, size_t count, F&& element) {
    out_ += '{';
    writer_.members(type, header, 0, 1);
    if (count > 0) {
      out_ += ',';
      writer_.key(children.json);
      array(count, element);
    }
    writer_.members(type, header, 2, type.fields.size());
    out_ += '}';
  }
  void resource(size_t index) {
    const size_t first = next_scope_;
    while (next_scope_ < batch_.scopes.size() && batch_.scopes[next_scope_].resource == index) ++next_scope_;
    group(*resources_.message, header_of(batch_, batch_.resources[index]), scopes_, next_scope_ - first,
          [this, first](size_t i) { scope(first + i); });
  }
  void scope(size_t index) {
    if (batch_.signal == Signal::kTraces) {
      items_of(batch_.spans, index);
    } else {
      items_of(batch_.items, index);
    }
  }
  template <class Record>
  void items_of(const std::vector<Record>& records, size_t scope) {
    const size_t first = next_item_;
    while (next_item_ < records.size() && records[next_item_].scope == scope) ++next_item_;
    group(*scopes_.message, header_of(batch_, batch_.scopes[scope]), items_, next_item_ - first, [&](size_t i) {
      const Record& record = records[first + i];
      writer_.message(*items_.message, batch_.view(record.part, record.body));
    });
  }

  const Batch& batch_;
  std::string& out_;
  JsonWriter writer_;
  const Field& resources_;
  const Field& scopes_;
  const Field& items_;
  size_t next_scope_ = 0;
  size_t next_item_ = 0;
};

}  // namespace

void append_json(const Batch& batch, std::string& out) { BatchWriter(batch, out).run(); }

}  // namespace weir::otlp
