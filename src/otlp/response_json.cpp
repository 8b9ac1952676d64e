// SPDX-License-Identifier: Apache-2.0
#include <boost/json.hpp>

#include "otlp/response.h"

namespace weir::otlp {

namespace {

namespace json = boost::json;

std::optional<json::object> parse_object(std::string_view text) {
  json::error_code error;
  json::parse_options options;
  options.max_depth = 32;
  json::value value = json::parse({text.data(), text.size()}, error, {}, options);
  if (error || !value.is_object()) return {};
  return std::move(value.as_object());
}

// 64-bit numbers come as strings or as numbers.
int64_t integer_of(const json::value& value) {
  if (value.is_int64()) return value.as_int64();
  if (value.is_uint64()) return static_cast<int64_t>(value.as_uint64());
  if (!value.is_string()) return 0;
  return std::strtoll(value.as_string().c_str(), nullptr, 10);
}

void read_message(const json::object& from, const char* key, std::string& out) {
  const json::value* value = from.if_contains(key);
  if (value != nullptr && value->is_string()) out.assign(value->as_string().data(), value->as_string().size());
}

}  // namespace

std::optional<PartialSuccess> parse_partial_success_json(std::string_view text) {
  const std::optional<json::object> response = parse_object(text);
  if (!response) return {};
  PartialSuccess found;
  const json::value* partial = response->if_contains("partialSuccess");
  if (partial == nullptr || !partial->is_object()) return found;
  const json::object& fields = partial->as_object();
  for (const char* key : {"rejectedSpans", "rejectedDataPoints", "rejectedLogRecords"}) {
    const json::value* rejected = fields.if_contains(key);
    if (rejected == nullptr) continue;
    found.rejected = static_cast<uint64_t>(std::max<int64_t>(0, integer_of(*rejected)));
  }
  read_message(fields, "errorMessage", found.message);
  return found;
}

std::optional<RpcStatus> parse_rpc_status_json(std::string_view text) {
  const std::optional<json::object> object = parse_object(text);
  if (!object) return {};
  RpcStatus status;
  if (const json::value* code = object->if_contains("code")) status.code = static_cast<int32_t>(integer_of(*code));
  read_message(*object, "message", status.message);
  return status;
}

}  // namespace weir::otlp
