// SPDX-License-Identifier: Apache-2.0
#include "absl/container/inlined_vector.h"
#include "otlp/schema.h"
#include "otlp/walker.h"

namespace weir::otlp::schema {
namespace {

// A message that is being read: its own cursor, so that going back up costs nothing.
struct Level {
  const Message* message;
  FieldCursor cursor;
};

class Validation {
 public:
  Validation(const Message& message, std::string_view bytes) { levels_.push_back({&message, FieldCursor(bytes)}); }

  Verdict run() {
    while (!levels_.empty()) {
      Level& level = levels_.back();
      if (!level.cursor.next()) {
        if (!level.cursor.ok()) return Verdict::kMalformed;
        depth_ -= level.message->nests;
        levels_.pop_back();
        continue;
      }
      if (const Field* field = level.message->find(level.cursor.number())) {
        const Verdict verdict = check(*field, level.cursor);
        if (verdict != Verdict::kOk) return verdict;
      }
    }
    return bad_id_ ? Verdict::kBadId : Verdict::kOk;
  }

 private:
  Verdict check(const Field& field, const FieldCursor& cursor) {
    const WireType expected = wire_type_of(field.kind);
    if (cursor.type() != expected) return check_packed(field, cursor, expected);
    if (field.kind == Kind::kTraceId) bad_id_ |= !cursor.bytes().empty() && cursor.bytes().size() != 16;
    if (field.kind == Kind::kSpanId) bad_id_ |= !cursor.bytes().empty() && cursor.bytes().size() != 8;
    return field.kind == Kind::kMessage ? enter(*field.message, cursor.bytes()) : Verdict::kOk;
  }
  static Verdict check_packed(const Field& field, const FieldCursor& cursor, WireType expected) {
    if (field.presence != Presence::kRepeated || expected == WireType::kBytes) return Verdict::kWrongWireType;
    if (cursor.type() != WireType::kBytes) return Verdict::kWrongWireType;
    return for_each_number(cursor, expected, [](uint64_t) {}) ? Verdict::kOk : Verdict::kMalformed;
  }
  Verdict enter(const Message& message, std::string_view bytes) {
    depth_ += message.nests;
    if (depth_ > kMaxValueDepth) return Verdict::kTooDeep;
    levels_.push_back({&message, FieldCursor(bytes)});
    return Verdict::kOk;
  }

  absl::InlinedVector<Level, 12> levels_;
  uint32_t depth_ = 0;
  bool bad_id_ = false;
};

}  // namespace

Verdict validate(const Message& message, std::string_view bytes) { return Validation(message, bytes).run(); }

}  // namespace weir::otlp::schema
