// SPDX-License-Identifier: Apache-2.0
#include "otlp/json_any.h"

#include <boost/json.hpp>

#include "otlp/fields.h"
#include "otlp/writer.h"

namespace weir::otlp {

namespace {

namespace json = boost::json;

std::string_view view(const json::string& text) { return {text.data(), text.size()}; }

void write(const json::value& value, MessageWriter& out) {
  switch (value.kind()) {
    case json::kind::null:
      return;
    case json::kind::bool_:
      return out.varint(field::any_value::kBool, value.get_bool() ? 1 : 0);
    case json::kind::int64:
      return out.real(field::any_value::kDouble, static_cast<double>(value.get_int64()));
    case json::kind::uint64:
      return out.real(field::any_value::kDouble, static_cast<double>(value.get_uint64()));
    case json::kind::double_:
      return out.real(field::any_value::kDouble, value.get_double());
    case json::kind::string:
      return out.bytes(field::any_value::kString, view(value.get_string()));
    case json::kind::array:
      out.begin(field::any_value::kArray);
      for (const json::value& element : value.get_array()) {
        out.begin(field::list::kValues);
        write(element, out);
        out.end();
      }
      return out.end();
    case json::kind::object:
      break;
  }
  out.begin(field::any_value::kKvlist);
  for (const auto& entry : value.get_object()) {
    out.begin(field::list::kValues);
    out.bytes(field::key_value::kKey, {entry.key().data(), entry.key().size()});
    out.begin(field::key_value::kValue);
    write(entry.value(), out);
    out.end();
    out.end();
  }
  out.end();
}

}  // namespace

std::optional<std::string> json_to_any_value(std::string_view text, std::string& error) {
  json::error_code code;
  json::parse_options options;
  options.max_depth = 100;
  options.allow_invalid_utf8 = true;
  const json::value value = json::parse({text.data(), text.size()}, code, {}, options);
  if (code) {
    error = code.message();
    return std::nullopt;
  }
  MessageWriter out;
  write(value, out);
  return out.take();
}

}  // namespace weir::otlp
