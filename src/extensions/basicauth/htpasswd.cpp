// SPDX-License-Identifier: Apache-2.0
#include "extensions/basicauth/htpasswd.h"

#include <crypt.h>

#include <algorithm>
#include <array>
#include <memory>

#include "base/digest.h"
#include "extensions/authenticator.h"
#include "extensions/basicauth/base64.h"

namespace weir {

namespace {

constexpr std::string_view kApr1 = "$apr1$";
constexpr size_t kSha1Size = 20;

std::string_view trimmed(std::string_view text) {
  const size_t first = text.find_first_not_of(" \t\r");
  if (first == text.npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

bool is_crypt(std::string_view hash) {
  static constexpr std::array<std::string_view, 7> kKinds = {"$1$", "$2a$", "$2b$", "$2x$", "$2y$", "$5$", "$6$"};
  return std::any_of(kKinds.begin(), kKinds.end(), [&](std::string_view kind) { return hash.starts_with(kind); });
}

// crypt_r takes texts that end at a NUL: a password with one would pass by its beginning.
bool matches_crypt(const std::string& password, const std::string& hash) {
  if (password.find('\0') != password.npos) return false;
  const auto work = std::make_unique<crypt_data>();
  const char* made = ::crypt_r(password.c_str(), hash.c_str(), work.get());
  return made != nullptr && same_secret(made, hash);
}

// 16 bytes in the order and alphabet of crypt.
std::string crypt_text(std::string_view digest) {
  static constexpr std::string_view kDigits = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  static constexpr size_t kOrder[][3] = {{0, 6, 12}, {1, 7, 13}, {2, 8, 14}, {3, 9, 15}, {4, 10, 5}};
  const auto byte = [&](size_t i) { return static_cast<uint32_t>(static_cast<unsigned char>(digest[i])); };
  std::string text;
  const auto add = [&](uint32_t bits, int digits) {
    for (; digits > 0; --digits, bits >>= 6) text += kDigits[bits & 63];
  };
  for (const auto& [high, middle, low] : kOrder) add(byte(high) << 16 | byte(middle) << 8 | byte(low), 4);
  add(byte(11), 2);
  return text;
}

// Apache's MD5: the scheme of MD5 crypt with another mark.
std::string apr1(const std::string& password, const std::string& salt) {
  const std::string inner = md5(password + salt + password);
  std::string text = password + std::string(kApr1) + salt;
  for (size_t left = password.size(); left > 0; left -= std::min<size_t>(left, 16))
    text += inner.substr(0, std::min<size_t>(left, 16));
  for (size_t bits = password.size(); bits > 0; bits >>= 1) text += (bits & 1) != 0 ? '\0' : password[0];
  std::string digest = md5(text);
  for (int round = 0; round < 1000; ++round) {
    std::string mixed = round % 2 != 0 ? password : digest;
    if (round % 3 != 0) mixed += salt;
    if (round % 7 != 0) mixed += password;
    mixed += round % 2 != 0 ? digest : password;
    digest = md5(mixed);
  }
  return std::string(kApr1) + salt + "$" + crypt_text(digest);
}

bool matches_apr1(const std::string& password, const std::string& hash) {
  const size_t end = hash.find('$', kApr1.size());
  if (end == hash.npos) return false;
  return same_secret(apr1(password, hash.substr(kApr1.size(), std::min<size_t>(end - kApr1.size(), 8))), hash);
}

// {SHA} and {SSHA}: base64 of the digest, with the salt behind it.
bool matches_sha1(const std::string& password, std::string_view encoded) {
  const std::optional<std::string> stored = decode_base64(encoded);
  if (!stored || stored->size() < kSha1Size) return false;
  const std::string salt = stored->substr(kSha1Size);
  return same_secret(sha1(password + salt) + salt, *stored);
}

}  // namespace

std::vector<size_t> Htpasswd::add(std::string_view lines) {
  std::vector<size_t> wrong;
  for (size_t number = 1; !lines.empty(); ++number) {
    const size_t end = std::min(lines.find('\n'), lines.size());
    const std::string_view line = trimmed(lines.substr(0, end));
    lines.remove_prefix(std::min(end + 1, lines.size()));
    if (line.empty() || line.starts_with('#')) continue;
    const size_t colon = line.find(':');
    const bool sound = colon != line.npos && colon != 0 && colon + 1 < line.size();
    if (!sound) wrong.push_back(number);
    if (sound) users_[std::string(line.substr(0, colon))] = line.substr(colon + 1);
  }
  return wrong;
}

bool Htpasswd::matches(const std::string& user, const std::string& password) const {
  const auto found = users_.find(user);
  if (found == users_.end()) return false;
  const std::string& hash = found->second;
  if (is_crypt(hash)) return matches_crypt(password, hash);
  if (hash.starts_with(kApr1)) return matches_apr1(password, hash);
  if (hash.starts_with("{SHA}")) return matches_sha1(password, std::string_view(hash).substr(5));
  if (hash.starts_with("{SSHA}")) return matches_sha1(password, std::string_view(hash).substr(6));
  return same_secret(password, hash);
}

}  // namespace weir
