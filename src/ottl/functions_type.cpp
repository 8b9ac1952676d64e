// SPDX-License-Identifier: Apache-2.0
#include <charconv>
#include <cmath>

#include "ottl/functions.h"

// Converters between types, and questions about them.
namespace weir::ottl {

namespace {

Value as_taken(Call& call) { return call[0]; }  // the parameter's kind did the work

template <Type T>
Value is_type(Call& call) {
  return Value::of_bool(call[0].type == T);
}

Value is_empty(Call& call) {
  const Value& value = call[0];
  switch (value.type) {
    case Type::kNil:
      return Value::of_bool(true);
    case Type::kBool:
      return Value::of_bool(!value.boolean);
    case Type::kDouble:
      return Value::of_bool(value.real == 0);
    case Type::kMap:
      return Value::of_bool(value.map.size == 0);
    case Type::kList:
      return Value::of_bool(value.list.size == 0);
    case Type::kString:
    case Type::kBytes:
      return Value::of_bool(value.text().empty());
    case Type::kTime:
      return Value::of_bool(false);
    case Type::kTraceId:
    case Type::kSpanId:
      return Value::of_bool((value.id[0] | value.id[1]) == 0);
    default:
      return Value::of_bool(value.integer == 0);
  }
}

Value len(Call& call) {
  const Value& value = call[0];
  switch (value.type) {
    case Type::kString:
    case Type::kBytes:
      return Value::of_int(static_cast<int64_t>(value.bytes.size));
    case Type::kMap:
      return Value::of_int(static_cast<int64_t>(value.map.size));
    case Type::kList:
      return Value::of_int(static_cast<int64_t>(value.list.size));
    case Type::kMessages:
      return Value::of_int(value.integer);
    default:
      return call.fail("Len takes a string, list or map, not ", name_of(value.type));
  }
}

Value parse_int(Call& call) {
  std::string_view text = call.text(0);
  const int64_t base = call.integer(1);
  if (text.empty()) return call.fail("ParseInt takes a text that is not empty");
  if (base < 0 || base == 1 || base > 36) return call.fail("ParseInt takes a base of 2 to 36");
  const bool signed_text = text[0] == '-' || text[0] == '+';
  int use = static_cast<int>(base);
  std::string digits(text.substr(signed_text ? 1 : 0));
  if (base == 0) {  // by its prefix, as in Go
    use = 10;
    const char second = digits.size() > 1 && digits[0] == '0' ? static_cast<char>(digits[1] | 0x20) : '\0';
    if (second != '\0') use = second == 'x' ? 16 : second == 'b' ? 2 : 8;
    if (second == 'x' || second == 'b' || second == 'o') digits.erase(0, 2);
  }
  if (text[0] == '-') digits.insert(0, "-");
  int64_t number = 0;
  const auto result = std::from_chars(digits.data(), digits.data() + digits.size(), number, use);
  const bool two_signs = digits.find_last_of("+-") != std::string::npos && digits.find_last_of("+-") > 0;
  if (result.ec != std::errc{} || result.ptr != digits.data() + digits.size() || two_signs ||
      (text[0] == '+' && digits.starts_with("-"))) {
    return call.fail("\"", text, "\" is not a number of that base");
  }
  return Value::of_int(number);
}

Value log(Call& call) {
  if (call[0].is_nil()) return call.fail("Log takes a number, not nil");
  if (call[0].real <= 0) return call.fail("Log takes a number greater than zero");
  return Value::of_double(std::log(call[0].real));
}

Value hex(Call& call) { return call.string(to_hex(call[0].is_nil() ? std::string_view() : call.text(0))); }

bool hex_to_bytes(std::string_view hex, char* out) {
  for (size_t i = 0; i + 1 < hex.size(); i += 2) {
    unsigned char byte = 0;
    const auto result = std::from_chars(hex.data() + i, hex.data() + i + 2, byte, 16);
    if (result.ec != std::errc{} || result.ptr != hex.data() + i + 2) return false;
    out[i / 2] = static_cast<char>(byte);
  }
  return true;
}

// The id's own bytes, or its hex digits.
bool read_id(Call& call, char* out, size_t size) {
  const std::string_view bytes = call[0].is_nil() ? std::string_view() : call.text(0);
  if (bytes.size() == size) {
    std::copy(bytes.begin(), bytes.end(), out);
    return true;
  }
  if (bytes.size() == 2 * size && hex_to_bytes(bytes, out)) return true;
  call.fail("an id of ", std::to_string(size), " bytes, or " + std::to_string(2 * size) + " hex digits, is expected");
  return false;
}

Value trace_id(Call& call) {
  TraceId id;
  return read_id(call, reinterpret_cast<char*>(id.word), 16) ? Value::of_trace_id(id) : Value();
}
Value span_id(Call& call) {
  SpanId id;
  return read_id(call, reinterpret_cast<char*>(&id.word), 8) ? Value::of_span_id(id) : Value();
}
std::string check_id(const Site& site, size_t size) {
  const Value* literal = site.literal(0);
  if (literal == nullptr) return "";
  if (literal->type != Type::kString && literal->type != Type::kBytes) return "";
  const size_t got = literal->bytes.size;
  if (got == size || got == 2 * size) return "";
  return "an id of " + std::to_string(size) + " bytes is expected, this has " + std::to_string(got);
}
std::string check_trace_id(const Site& site) { return check_id(site, 16); }
std::string check_span_id(const Site& site) { return check_id(site, 8); }

}  // namespace

std::span<const Function> type_functions() {
  static const std::vector<Function> table{
      {"Int", {{"target", Take::kIntLike}}, as_taken},
      {"Double", {{"target", Take::kDoubleLike}}, as_taken},
      {"String", {{"target", Take::kText}}, as_taken},
      {"Bool", {{"target", Take::kBoolLike}}, as_taken},
      {"IsString", {{"target", Take::kAny}}, is_type<Type::kString>},
      {"IsBool", {{"target", Take::kAny}}, is_type<Type::kBool>},
      {"IsInt", {{"target", Take::kAny}}, is_type<Type::kInt>},
      {"IsDouble", {{"target", Take::kAny}}, is_type<Type::kDouble>},
      {"IsMap", {{"target", Take::kAny}}, is_type<Type::kMap>},
      {"IsList", {{"target", Take::kAny}}, is_type<Type::kList>},
      {"IsEmpty", {{"target", Take::kAny}}, is_empty},
      {"Len", {{"target", Take::kAny}}, len},
      {"ParseInt", {{"target", Take::kString}, {"base", Take::kInt}}, parse_int},
      {"Log", {{"target", Take::kDoubleLike}}, log},
      {"Hex", {{"target", Take::kBytesLike}}, hex},
      {"TraceID", {{"target", Take::kBytesLike}}, trace_id, true, check_trace_id},
      {"SpanID", {{"target", Take::kBytesLike}}, span_id, true, check_span_id},
  };
  return table;
}

}  // namespace weir::ottl
