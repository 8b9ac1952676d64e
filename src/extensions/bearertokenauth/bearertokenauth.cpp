// SPDX-License-Identifier: Apache-2.0
#include "extensions/bearertokenauth/bearertokenauth.h"

#include <mutex>

#include "extensions/watched_file.h"

namespace weir {

namespace {

std::string lower(std::string text) {
  for (char& c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
  return text;
}

// The tokens of a file, one a line.
std::vector<std::string> tokens_of(std::string_view lines) {
  std::vector<std::string> tokens;
  while (!lines.empty()) {
    const size_t end = std::min(lines.find('\n'), lines.size());
    const std::string_view line = lines.substr(0, end);
    lines.remove_prefix(std::min(end + 1, lines.size()));
    const size_t first = line.find_first_not_of(" \t\r");
    if (first == line.npos) continue;
    tokens.emplace_back(line.substr(first, line.find_last_not_of(" \t\r") - first + 1));
  }
  return tokens;
}

class BearerToken final : public ClientAuth, public ServerAuth {
 public:
  BearerToken(const BearerTokenAuthConfig& config, const Clock& clock)
      : shown_header_(config.header),
        header_(lower(config.header)),
        prefix_(config.scheme.empty() ? "" : config.scheme + " ") {
    if (!config.filename.empty()) {
      file_ = std::make_unique<WatchedFile>(config.filename, clock);
    } else if (!config.token.empty()) {
      set_tokens({config.token});
    } else {
      set_tokens(config.tokens);
    }
  }

  // "" or why it cannot be used.
  std::string open() {
    if (!file_) return "";
    if (std::string error = file_->open(); !error.empty()) return error;
    const std::lock_guard lock(mutex_);
    follow_file();
    return values_.empty() ? "no bearer token provided: the file `filename` is empty" : "";
  }

  std::vector<std::pair<std::string, std::string>> headers() const override {
    const std::lock_guard lock(mutex_);
    follow_file();
    return {{header_, values_.front()}};
  }

  std::optional<AuthRefusal> refusal(const HeaderOf& header) const override {
    const std::string_view sent = header(header_);
    if (sent.empty()) return AuthRefusal{"missing or empty authorization header: " + shown_header_};
    const std::lock_guard lock(mutex_);
    follow_file();
    bool passes = false;
    for (const std::string& value : values_) passes |= same_secret(sent, value);
    if (passes) return std::nullopt;
    return AuthRefusal{"scheme or token does not match"};
  }

 private:
  void set_tokens(const std::vector<std::string>& tokens) const {
    values_.clear();
    for (const std::string& token : tokens) values_.push_back(prefix_ + token);
  }

  // A file that is empty for a moment, while it is replaced, changes nothing.
  void follow_file() const {
    std::string lines;
    if (!file_ || !file_->changed_since(version_, lines)) return;
    if (const std::vector<std::string> tokens = tokens_of(lines); !tokens.empty()) set_tokens(tokens);
  }

  const std::string shown_header_;
  const std::string header_;  // in lower case
  const std::string prefix_;
  std::unique_ptr<WatchedFile> file_;
  mutable std::mutex mutex_;                 // guards what follows
  mutable std::vector<std::string> values_;  // whole header values, never none
  mutable uint64_t version_ = 0;
};

}  // namespace

Authenticator make_bearer_token_auth(const BearerTokenAuthConfig& config, const ComponentEnv& env) {
  const auto made = std::make_shared<BearerToken>(config, *env.clock);
  if (std::string error = made->open(); !error.empty()) return {.error = std::move(error)};
  return {made, made, ""};
}

}  // namespace weir
