// SPDX-License-Identifier: Apache-2.0
#include <array>

#include "base/digest.h"
#include "otlp/attributes.h"
#include "ottl/functions.h"

// Converters that hash, encode and draw.
namespace weir::ottl {

namespace {

template <std::string (*Digest)(std::string_view)>
Value digest(Call& call) {
  return call.string(Digest(call.text(0)));
}
Value fnv(Call& call) { return Value::of_int(static_cast<int64_t>(fnv1a_64(call.text(0)))); }

Value base64_encode(Call& call) {
  std::string out;
  otlp::append_base64(call.text(0), out);
  std::string_view variant = call.text_or(1, "base64");
  if (variant.ends_with("url")) {
    for (char& c : out) c = c == '+' ? '-' : c == '/' ? '_' : c;
  }
  if (variant.find("raw") != std::string_view::npos) {
    while (out.ends_with("=")) out.pop_back();
  }
  return call.string(out);
}

int base64_digit(char c, bool url) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  if (c == (url ? '-' : '+')) return 62;
  return c == (url ? '_' : '/') ? 63 : -1;
}

bool decode_base64(std::string_view text, bool url, bool raw, std::string& out) {
  std::string digits;
  for (char c : text) {
    if (c != '\r' && c != '\n') digits += c;
  }
  if (!raw) {
    if (digits.size() % 4 != 0) return false;
    for (int i = 0; i < 2 && digits.ends_with("="); ++i) digits.pop_back();
  }
  if (digits.size() % 4 == 1) return false;
  uint32_t bits = 0;
  int count = 0;
  for (char c : digits) {
    const int digit = base64_digit(c, url);
    if (digit < 0) return false;
    bits = bits << 6 | static_cast<uint32_t>(digit);
    count += 6;
    if (count < 8) continue;
    count -= 8;
    out += static_cast<char>(bits >> count);
  }
  return true;
}

Value decode_variant(Call& call, std::string_view text, std::string_view variant) {
  if (variant == "utf8" || variant == "utf-8") return call.string(text);
  std::string out;
  const bool url = variant.ends_with("url");
  if (!decode_base64(text, url, variant.find("raw") != std::string_view::npos, out)) {
    return call.fail("the text is no ", variant);
  }
  return call.string(out);
}
Value base64_decode(Call& call) { return decode_variant(call, call.text(0), "base64"); }
Value decode(Call& call) {
  if (call[0].type != Type::kString && call[0].type != Type::kBytes) {
    return call.fail("Decode takes a string or bytes, not ", name_of(call[0].type));
  }
  return decode_variant(call, call.text(0), call.text(1));
}
std::string check_variant(const Site& site) {
  if (!site.has(1)) return "";
  const std::string_view variant = site.literal(1)->text();
  for (std::string_view known : {"base64", "base64-raw", "base64-url", "base64-raw-url"}) {
    if (variant == known) return "";
  }
  const bool decodes = site.function->name == "Decode";
  if (decodes && (variant == "utf8" || variant == "utf-8")) return "";
  return "unknown encoding \"" + std::string(variant) + "\"; there are base64, base64-raw, base64-url, base64-raw-url" +
         (decodes ? " and utf8" : "");
}

// 16 bytes as 8-4-4-4-12 hex digits.
std::string uuid_text(std::array<char, 16> bytes, unsigned version) {
  bytes[6] = static_cast<char>((static_cast<unsigned>(bytes[6]) & 0x0f) | version << 4);
  bytes[8] = static_cast<char>((static_cast<unsigned>(bytes[8]) & 0x3f) | 0x80);
  std::string text = to_hex({bytes.data(), bytes.size()});
  for (size_t at : {8U, 13U, 18U, 23U}) text.insert(at, "-");
  return text;
}

void put_bytes(uint64_t bits, char* at, size_t size) {
  for (size_t i = 0; i < size; ++i) at[i] = static_cast<char>(bits >> (8 * (size - 1 - i)));
}

Value uuid(Call& call) {
  std::array<char, 16> bytes{};
  put_bytes(call.frame().draw(), bytes.data(), 8);
  put_bytes(call.frame().draw(), bytes.data() + 8, 8);
  return call.string(uuid_text(bytes, 4));
}
Value uuid_v7(Call& call) {
  std::array<char, 16> bytes{};
  put_bytes(call.frame().time_ns() / 1'000'000, bytes.data(), 6);
  put_bytes(call.frame().draw(), bytes.data() + 6, 2);
  put_bytes(call.frame().draw(), bytes.data() + 8, 8);
  return call.string(uuid_text(bytes, 7));
}

}  // namespace

std::span<const Function> hash_functions() {
  static const std::vector<Function> table{
      {"MD5", {{"target", Take::kString}}, digest<md5_hex>},
      {"SHA1", {{"target", Take::kString}}, digest<sha1_hex>},
      {"SHA256", {{"target", Take::kString}}, digest<sha256_hex>},
      {"SHA512", {{"target", Take::kString}}, digest<sha512_hex>},
      {"FNV", {{"target", Take::kString}}, fnv},
      {"Base64Encode",
       {{"target", Take::kString}, {"variant", Take::kPlainString, true}},
       base64_encode,
       true,
       check_variant},
      {"Base64Decode", {{"target", Take::kString}}, base64_decode},
      {"Decode", {{"target", Take::kAny}, {"encoding", Take::kPlainString}}, decode, true, check_variant},
      {"UUID", {}, uuid, false},
      {"UUIDv7", {}, uuid_v7, false},
  };
  return table;
}

}  // namespace weir::ottl
