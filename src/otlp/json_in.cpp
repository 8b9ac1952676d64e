// SPDX-License-Identifier: Apache-2.0
#include "otlp/json_in.h"

#include <algorithm>
#include <boost/json/basic_parser_impl.hpp>
#include <cstring>
#include <vector>

#include "otlp/json_values.h"
#include "otlp/schema.h"
#include "otlp/walker.h"
#include "otlp/writer.h"

namespace weir::otlp {
namespace {

using boost::json::error_code;
using schema::Field;
using schema::Kind;
using schema::Message;
using schema::Presence;

// JSON levels of one attribute level: {"kvlistValue": {"values": [{"value": {…}}]}}; and those around the attributes.
constexpr size_t kMaxJsonDepth = kMaxValueDepth * 4 + 32;

bool is_repeated(const Field& field) { return field.presence == Presence::kRepeated; }
bool is_packed(const Field& field) {
  return is_repeated(field) && schema::wire_type_of(field.kind) != WireType::kBytes;
}

// Takes the parser's events and writes protobuf by the schema table.
class Transcoder {
 public:
  explicit Transcoder(const Message& request) : request_(request) {}

  // --- the parser's handler concept
  static constexpr std::size_t max_object_size = static_cast<std::size_t>(-1);
  static constexpr std::size_t max_array_size = static_cast<std::size_t>(-1);
  static constexpr std::size_t max_key_size = static_cast<std::size_t>(-1);
  static constexpr std::size_t max_string_size = static_cast<std::size_t>(-1);

  bool on_document_begin(error_code&) { return true; }
  bool on_document_end(error_code&) { return true; }
  bool on_object_begin(error_code& ec) { return done(begin_object(), ec); }
  bool on_object_end(std::size_t, error_code& ec) { return done(end_object(), ec); }
  bool on_array_begin(error_code& ec) { return done(begin_array(), ec); }
  bool on_array_end(std::size_t, error_code& ec) { return done(end_array(), ec); }
  bool on_key_part(std::string_view part, std::size_t, error_code&) { return keep(part); }
  bool on_key(std::string_view part, std::size_t, error_code&) {
    if (skipping_ == 0) frames_.back().field = frames_.back().message->find(joined(part));
    text_.clear();
    return true;
  }
  bool on_string_part(std::string_view part, std::size_t, error_code&) { return keep(part); }
  bool on_string(std::string_view part, std::size_t, error_code& ec) {
    const bool ok = scalar([&](const Field& field) { return put_string(field, joined(part)); });
    text_.clear();
    return done(ok, ec);
  }
  bool on_number_part(std::string_view part, error_code&) { return keep(part); }
  bool on_int64(int64_t, std::string_view part, error_code& ec) { return on_number(part, ec); }
  bool on_uint64(uint64_t, std::string_view part, error_code& ec) { return on_number(part, ec); }
  bool on_double(double, std::string_view part, error_code& ec) { return on_number(part, ec); }
  bool on_bool(bool value, error_code& ec) {
    return done(scalar([&](const Field& field) {
                  return field.kind == Kind::kBool ? put_number(field, value) : wrong(field, "a boolean");
                }),
                ec);
  }
  bool on_null(error_code& ec) { return done(put_null(), ec); }
  bool on_comment_part(std::string_view, error_code&) { return true; }
  bool on_comment(std::string_view, error_code&) { return true; }

  std::string take() { return writer_.take(); }
  const std::string& error() const { return error_; }

 private:
  // An object (message set; field: of the last key, null where unknown) or an array (message null; field: its own).
  struct Frame {
    const Message* message;
    const Field* field;
  };

  static bool done(bool ok, error_code& ec) {
    if (!ok) ec = boost::json::make_error_code(boost::json::error::syntax);
    return ok;
  }
  bool keep(std::string_view part) {
    text_ += part;
    return true;
  }
  // The text of a value: mostly one part, of which no copy is made.
  std::string_view joined(std::string_view part) {
    if (text_.empty()) return part;
    text_ += part;
    return text_;
  }
  bool fail(std::string text) {
    error_ = std::move(text);
    return false;
  }
  bool wrong(const Field& field, std::string_view what) {
    return fail(std::string(field.json) + " cannot be " + std::string(what));
  }
  bool in_array() const { return frames_.back().message == nullptr; }

  bool begin_object() {
    if (skipping_ > 0 || (!frames_.empty() && frames_.back().field == nullptr)) return ++skipping_ > 0;
    if (frames_.empty()) {
      frames_.push_back({&request_, nullptr});
      return true;
    }
    const Field& field = *frames_.back().field;
    if (field.kind != Kind::kMessage || is_repeated(field) != in_array()) return wrong(field, "an object");
    depth_ += field.message->nests;
    if (depth_ > kMaxValueDepth) return fail("attribute values are nested too deep");
    writer_.begin(field.number);
    frames_.push_back({field.message, nullptr});
    return true;
  }
  bool end_object() {
    if (skipping_ > 0) return skipping_-- > 0;
    depth_ -= frames_.back().message->nests;
    frames_.pop_back();
    if (!frames_.empty()) writer_.end();
    return true;
  }
  bool begin_array() {
    if (skipping_ > 0 || (!frames_.empty() && frames_.back().field == nullptr)) return ++skipping_ > 0;
    if (frames_.empty()) return fail("the request is not an object");
    const Field& field = *frames_.back().field;
    if (!is_repeated(field) || in_array()) return wrong(field, "an array");
    if (is_packed(field)) writer_.begin(field.number);
    frames_.push_back({nullptr, &field});
    return true;
  }
  bool end_array() {
    if (skipping_ > 0) return skipping_-- > 0;
    if (is_packed(*frames_.back().field)) writer_.end();
    frames_.pop_back();
    return true;
  }

  // Hands the field of a scalar to `put`, unless it is skipped or no scalar may be there.
  template <class F>
  bool scalar(F&& put) {
    if (frames_.empty()) return fail("the request is not an object");
    const Field* field = frames_.back().field;
    if (skipping_ > 0 || field == nullptr) return true;
    if (field->kind == Kind::kMessage || is_repeated(*field) != in_array()) return wrong(*field, "a scalar");
    return put(*field);
  }
  bool on_number(std::string_view part, error_code& ec) {
    const bool ok = scalar([&](const Field& field) { return put_number_text(field, joined(part), false); });
    text_.clear();
    return done(ok, ec);
  }

  // As the collector: null is an empty string, message or list, but no number, boolean, bytes or id.
  bool put_null() {
    if (frames_.empty() || skipping_ > 0 || frames_.back().field == nullptr) return true;
    const Field& field = *frames_.back().field;
    if (is_repeated(field) && !in_array()) return true;
    if (field.kind != Kind::kMessage && field.kind != Kind::kString) return wrong(field, "null");
    writer_.bytes(field.number, {});
    return true;
  }

  bool put_string(const Field& field, std::string_view text) {
    switch (field.kind) {
      case Kind::kString:
        writer_.bytes(field.number, text);
        return true;
      case Kind::kBytes:
        return put_decoded(field, json::decode_base64(text), "this text (base64 is expected)");
      case Kind::kTraceId:
      case Kind::kSpanId:
        return put_decoded(field, json::decode_hex(text), "this text (hex digits are expected)");
      case Kind::kBool:
        return wrong(field, "a string");
      case Kind::kEnum:
        return put_enum(field, text);
      default:
        return put_number_text(field, text, true);
    }
  }
  bool put_decoded(const Field& field, const std::optional<std::string>& bytes, std::string_view what) {
    if (!bytes) return wrong(field, what);
    writer_.bytes(field.number, *bytes);
    return true;
  }
  bool put_enum(const Field& field, std::string_view name) {
    const auto found =
        std::find_if(field.values.begin(), field.values.end(), [name](const auto& v) { return v.name == name; });
    if (found == field.values.end()) return wrong(field, "an unknown name");
    return put_number(field, static_cast<uint64_t>(static_cast<int64_t>(found->number)));
  }
  bool put_number_text(const Field& field, std::string_view text, bool quoted) {
    if (schema::wire_type_of(field.kind) == WireType::kBytes || field.kind == Kind::kBool)
      return wrong(field, "a number");
    const auto value =
        field.kind == Kind::kDouble ? json::parse_real(text) : json::parse_integer(field.kind, text, quoted);
    return value ? put_number(field, *value) : wrong(field, "this number");
  }
  bool put_number(const Field& field, uint64_t value) {
    if (is_packed(field)) return put_element(field, value);
    switch (schema::wire_type_of(field.kind)) {
      case WireType::kFixed64:
        writer_.fixed64(field.number, value);
        break;
      case WireType::kFixed32:
        writer_.fixed32(field.number, static_cast<uint32_t>(value));
        break;
      default:
        writer_.varint(field.number, value);
    }
    return true;
  }
  bool put_element(const Field& field, uint64_t value) {
    char bytes[10];
    const bool varint = schema::wire_type_of(field.kind) == WireType::kVarint;
    std::memcpy(bytes, &value, sizeof value);
    writer_.raw({bytes, varint ? static_cast<size_t>(write_varint(bytes, value) - bytes) : sizeof value});
    return true;
  }

  const Message& request_;
  MessageWriter writer_;
  std::vector<Frame> frames_;
  uint32_t skipping_ = 0;  // depth inside the value of an unknown key
  uint32_t depth_ = 0;     // of nested attribute values
  std::string text_;       // parts of a key, string or number that came in pieces
  std::string error_;
};

std::optional<std::string> transcode(const Message& request, std::string_view json, std::string* error) {
  boost::json::parse_options options;
  options.max_depth = kMaxJsonDepth;
  options.allow_invalid_utf8 = true;
  boost::json::basic_parser<Transcoder> parser(options, request);
  error_code ec;
  const size_t read = parser.write_some(false, json.data(), json.size(), ec);
  if (!ec && parser.done()) return parser.handler().take();
  if (error != nullptr) {
    const std::string& reason = parser.handler().error();
    *error = "invalid JSON at byte " + std::to_string(read) + ": " + (reason.empty() ? ec.message() : reason);
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string> json_to_protobuf(Signal signal, std::string_view json, std::string* error) {
  const std::optional<std::string> repaired = json::repair_surrogates(json);
  return transcode(schema::request_of(signal), repaired ? *repaired : json, error);
}

}  // namespace weir::otlp
