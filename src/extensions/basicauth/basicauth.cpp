// SPDX-License-Identifier: Apache-2.0
#include "extensions/basicauth/basicauth.h"

#include <algorithm>
#include <array>
#include <map>
#include <mutex>
#include <random>

#include "base/digest.h"
#include "extensions/basicauth/base64.h"
#include "extensions/basicauth/check_budget.h"
#include "extensions/basicauth/htpasswd.h"
#include "extensions/watched_file.h"

namespace weir {

namespace {

constexpr const char* kNoAuth = "no basic auth provided";
constexpr const char* kRefused = "invalid authorization scheme or credentials";
constexpr const char* kLater = "too many wrong passwords were checked, try again later";

// What was checked before. It holds digests with a salt of this process, no secrets.
class Checked {
 public:
  std::string digest_of(std::string_view pair) const { return sha256(salt_ + std::string(pair)); }

  // True: it passed; false: it was refused; nothing: not known.
  std::optional<bool> outcome(const std::string& user, const std::string& digest) const {
    const std::lock_guard lock(mutex_);
    if (const auto found = passed_.find(user); found != passed_.end() && same_secret(found->second, digest))
      return true;
    return std::find(refused_.begin(), refused_.end(), digest) != refused_.end() ? std::optional(false) : std::nullopt;
  }

  void note(const std::string& user, std::string digest, bool passes) const {
    const std::lock_guard lock(mutex_);
    if (passes) return void(passed_[user] = std::move(digest));
    refused_[next_refused_++ % refused_.size()] = std::move(digest);
  }

 private:
  static std::string random_salt() {
    std::random_device device;
    std::string salt;
    for (int i = 0; i < 16; ++i) salt += static_cast<char>(device());
    return salt;
  }

  const std::string salt_ = random_salt();
  mutable std::mutex mutex_;                           // guards what follows
  mutable std::map<std::string, std::string> passed_;  // one pair of each user that is known
  mutable std::array<std::string, 64> refused_;
  mutable size_t next_refused_ = 0;
};

// Basic in any case (RFC 9110 §11.1).
bool is_basic(std::string_view header) {
  constexpr std::string_view kScheme = "basic ";
  if (header.size() < kScheme.size()) return false;
  return std::equal(kScheme.begin(), kScheme.end(), header.begin(), [](char a, char b) {
    return a == (b >= 'A' && b <= 'Z' ? static_cast<char>(b + ('a' - 'A')) : b);
  });
}

class BasicAuthServer final : public ServerAuth {
 public:
  BasicAuthServer(Htpasswd users, const Clock& clock) : users_(std::move(users)), clock_(clock) {}

  std::optional<AuthRefusal> refusal(const HeaderOf& header) const override {
    const std::string_view value = header("authorization");
    if (value.empty()) return AuthRefusal{kNoAuth};
    if (!is_basic(value)) return AuthRefusal{kRefused};
    const std::optional<std::string> pair = decode_base64(value.substr(6));
    const std::optional<bool> passes = pair ? check(*pair) : false;
    if (!passes) return AuthRefusal{kLater, true};
    return *passes ? std::nullopt : std::optional(AuthRefusal{kRefused});
  }

 private:
  // Nothing: it cannot be checked now.
  std::optional<bool> check(const std::string& pair) const {
    const size_t colon = pair.find(':');
    if (colon == pair.npos) return false;
    const std::string user = pair.substr(0, colon);
    if (!users_.knows(user)) return false;
    std::string digest = checked_.digest_of(pair);
    if (const std::optional<bool> before = checked_.outcome(user, digest)) return before;
    const Duration start = clock_.now().mono;
    if (!budget_.has_room(start)) return std::nullopt;
    const bool passes = users_.matches(user, pair.substr(colon + 1));
    const Duration end = clock_.now().mono;
    if (!passes) budget_.spend(end, end - start);
    checked_.note(user, std::move(digest), passes);
    return passes;
  }

  const Htpasswd users_;
  const Clock& clock_;
  const Checked checked_;
  mutable CheckBudget budget_;
};

// A text of the configuration, or the content of a file without its line end. A file that is empty for a moment, while
// it is written anew, changes nothing.
class Credential {
 public:
  Credential(const std::string& text, const std::string& path, const Clock& clock) : text_(path.empty() ? text : "") {
    if (!path.empty()) file_ = std::make_unique<WatchedFile>(path, clock);
  }
  std::string open() { return file_ ? file_->open() : ""; }

  std::string text() {
    std::string content;
    if (!file_ || !file_->changed_since(version_, content)) return text_;
    while (content.ends_with('\n') || content.ends_with('\r')) content.pop_back();
    if (!content.empty()) text_ = std::move(content);
    return text_;
  }

 private:
  std::string text_;
  std::unique_ptr<WatchedFile> file_;
  uint64_t version_ = 0;
};

class BasicAuthClientSide final : public ClientAuth {
 public:
  BasicAuthClientSide(const BasicAuthClient& config, const Clock& clock)
      : username_(config.username, config.username_file, clock),
        password_(config.password, config.password_file, clock) {}

  std::string open() {
    std::string error = username_.open();
    return error.empty() ? password_.open() : error;
  }

  std::vector<std::pair<std::string, std::string>> headers() const override {
    const std::lock_guard lock(mutex_);
    return {{"authorization", "Basic " + encode_base64(username_.text() + ":" + password_.text())}};
  }

 private:
  mutable std::mutex mutex_;  // guards what follows
  mutable Credential username_, password_;
};

Authenticator make_server(const BasicAuthHtpasswd& config, const ComponentEnv& env) {
  Htpasswd users;
  const auto add = [&](const std::string& lines, const std::string& where) {
    for (const size_t number : users.add(lines)) {
      env.log->warn(env.id, "a line of htpasswd is not user:hash and lets nobody pass",
                    {{"where", where}, {"line", std::to_string(number)}});
    }
  };
  if (!config.file.empty()) {
    WatchedFile file(config.file, *env.clock);
    if (const std::string error = file.open(); !error.empty()) return {.error = "htpasswd: " + error};
    uint64_t version = 0;
    std::string lines;
    file.changed_since(version, lines);
    add(lines, config.file);
  }
  add(config.inline_lines, "inline");
  return {.server = std::make_shared<BasicAuthServer>(std::move(users), *env.clock)};
}

}  // namespace

Authenticator make_basic_auth(const BasicAuthConfig& config, const ComponentEnv& env) {
  if (config.htpasswd) return make_server(*config.htpasswd, env);
  const auto client = std::make_shared<BasicAuthClientSide>(*config.client_auth, *env.clock);
  if (std::string error = client->open(); !error.empty()) return {.error = std::move(error)};
  return {.client = client};
}

}  // namespace weir
