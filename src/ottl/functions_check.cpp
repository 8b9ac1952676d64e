// SPDX-License-Identifier: Apache-2.0
#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "ottl/functions.h"

// Questions about texts, and what they stand for.
namespace weir::ottl {

namespace {

// An address as IPv6 has it: those of IPv4 are mapped.
using Address = std::array<unsigned char, 16>;

std::optional<Address> address_of(std::string_view text) {
  const std::string copy(text);
  Address address{};
  if (copy.find('\0') != std::string::npos) return std::nullopt;
  if (inet_pton(AF_INET6, copy.c_str(), address.data()) == 1) return address;
  address[10] = address[11] = 0xff;
  if (inet_pton(AF_INET, copy.c_str(), address.data() + 12) != 1) return std::nullopt;
  return address;
}

struct Network {
  Address address{};
  int bits = 0;
};

std::optional<Network> network_of(std::string_view text) {
  const size_t slash = text.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const std::string_view digits = text.substr(slash + 1);
  const auto address = address_of(text.substr(0, slash));
  const bool v4 = text.substr(0, slash).find(':') == std::string_view::npos;
  Network network;
  const auto result = std::from_chars(digits.data(), digits.data() + digits.size(), network.bits);
  const bool good = !digits.empty() && result.ec == std::errc{} && result.ptr == digits.data() + digits.size();
  if (!address || !good || network.bits < 0 || network.bits > (v4 ? 32 : 128)) return std::nullopt;
  network.address = *address;
  if (v4) network.bits += 96;
  return network;
}

// No network of IPv6, however wide, holds addresses of IPv4.
bool contains(const Network& network, const Address& address) {
  static constexpr unsigned char kMapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  if (network.bits < 96 && std::equal(std::begin(kMapped), std::end(kMapped), address.begin())) return false;
  for (int bit = 0; bit < network.bits; ++bit) {
    const auto at = static_cast<size_t>(bit / 8);
    if (((network.address[at] ^ address[at]) >> (7 - bit % 8) & 1) != 0) return false;
  }
  return true;
}

Value is_in_cidr(Call& call) {
  const auto address = address_of(call.text(0));
  if (!address) return Value::of_bool(false);
  for (const Value& text : call[1].list) {
    const auto network = network_of(text.text());
    if (!network) return call.fail("\"", text.text(), "\" is no network such as \"10.0.0.0/8\"");
    if (contains(*network, *address)) return Value::of_bool(true);
  }
  return Value::of_bool(false);
}
std::string check_networks(const Site& site) {
  const Value* networks = site.literal(1);
  if (networks == nullptr) return "";
  for (const Value& text : networks->list) {
    if (!network_of(text.text())) return "\"" + std::string(text.text()) + "\" is no network such as \"10.0.0.0/8\"";
  }
  return "";
}

// The check digit of card numbers.
Value is_valid_luhn(Call& call) {
  if (call[0].is_nil()) return call.fail("IsValidLuhn takes a text, not nil");
  std::string text(call.text(0));
  std::erase(text, ' ');
  if (text.empty()) return Value::of_bool(false);
  int sum = 0;
  bool twice = false;
  for (size_t i = text.size(); i-- > 0; twice = !twice) {
    if (text[i] < '0' || text[i] > '9') return call.fail("\"", text, "\" is not a number");
    const int digit = (text[i] - '0') * (twice ? 2 : 1);
    sum += digit > 9 ? digit - 9 : digit;
  }
  return Value::of_bool(sum % 10 == 0);
}

// --- ParseSeverity: {"error": [{"equals": ["err"]}, {"range": {"min": 3, "max": 4}}, {"range": "5xx"}]}

struct Range {
  int64_t low = 0, high = -1;
};

bool range_of(const Value& value, Arena& arena, Range& out) {
  if (value.is_string()) {
    const std::string_view text = value.text();
    if (text.size() != 3 || text[0] < '2' || text[0] > '5' || !text.ends_with("xx")) return false;
    out.low = (text[0] - '0') * 100;
    out.high = out.low + 99;
    return true;
  }
  const Entry* low = value.type == Type::kMap ? value.map.find("min") : nullptr;
  const Entry* high = value.type == Type::kMap ? value.map.find("max") : nullptr;
  if (low == nullptr || high == nullptr) return false;
  const Value least = value_of(*low, arena), most = value_of(*high, arena);
  out = {least.integer, most.integer};
  return least.type == Type::kInt && most.type == Type::kInt;
}

// Whether a value meets one criterion; nothing where that is none.
std::optional<bool> meets(const Value& value, const Value& criterion, Arena& arena) {
  if (criterion.type != Type::kMap) return std::nullopt;
  bool met = false;
  if (const Entry* entry = criterion.map.find("equals")) {
    const Value texts = value_of(*entry, arena);
    if (texts.type != Type::kList) return std::nullopt;
    for (const Value& text : texts.list) {
      if (!text.is_string()) return std::nullopt;
      met = met || (value.is_string() && value.text() == text.text());
    }
  }
  if (const Entry* entry = criterion.map.find("range")) {
    Range range;
    if (!range_of(value_of(*entry, arena), arena, range)) return std::nullopt;
    met = met || (value.type == Type::kInt && value.integer >= range.low && value.integer <= range.high);
  }
  return met;
}

Value parse_severity(Call& call) {
  if (!call[0].is_string() && call[0].type != Type::kInt) {
    return call.fail("a severity is a string or an int64, not ", name_of(call[0].type));
  }
  for (const Entry& level : call[1].map) {
    const Value criteria = value_of(level, call.arena());
    for (const Value& criterion : criteria.list) {
      if (meets(call[0], criterion, call.arena()).value_or(false)) return call.string(level.key);
    }
  }
  return call.fail("no level fits the severity");
}
std::string check_severity(const Site& site) {
  const Value* mapping = site.literal(1);
  if (mapping == nullptr) return "the mapping has to be a literal";
  Arena arena;
  for (const Entry& level : mapping->map) {
    const Value criteria = value_of(level, arena);
    if (criteria.type != Type::kList) return "the criteria of a level are a list";
    for (const Value& criterion : criteria.list) {
      if (!meets(Value(), criterion, arena)) {
        return R"(a criterion is {"equals": [texts]} or {"range": {"min": number, "max": number} or "2xx" to "5xx"})";
      }
    }
  }
  return "";
}

}  // namespace

std::span<const Function> check_functions() {
  static const std::vector<Function> table{
      {"IsInCIDR", {{"target", Take::kString}, {"networks", Take::kStrings}}, is_in_cidr, true, check_networks},
      {"IsValidLuhn", {{"target", Take::kText}}, is_valid_luhn},
      {"ParseSeverity", {{"target", Take::kAny}, {"mapping", Take::kMap}}, parse_severity, true, check_severity},
  };
  return table;
}

}  // namespace weir::ottl
