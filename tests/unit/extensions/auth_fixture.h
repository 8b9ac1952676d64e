// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stdlib.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <fstream>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "config/fields.h"
#include "config/yaml.h"
#include "support/catch.h"
#include "weir/auth.h"
#include "weir/component.h"

namespace weir::auth_test {

class StandingClock final : public Clock {
 public:
  Time now() const override { return {Duration(mono), Duration(0)}; }
  std::atomic<int64_t> mono{0};
};

// Keeps what is logged.
class Lines final : public Log {
 public:
  void write(LogLevel, std::string_view, std::string_view message, LogFields fields) override {
    std::string line(message);
    for (const auto& [key, value] : fields) line += " " + std::string(key) + "=" + value;
    lines.push_back(line);
  }
  std::vector<std::string> lines;
};

struct Place {
  Place() {
    env.id = "auth/x";
    env.clock = &clock;
    env.log = &log;
  }
  StandingClock clock;
  Lines log;
  ComponentEnv env;
};

// A file that is gone after the test.
class TempFile {
 public:
  explicit TempFile(const std::string& content) {
    char path[] = "/tmp/weir-auth-XXXXXX";
    ::close(::mkstemp(path));
    path_ = path;
    write(content);
  }
  ~TempFile() { std::remove(path_.c_str()); }
  void write(const std::string& content) const { std::ofstream(path_, std::ios::trunc) << content; }
  // As Kubernetes and editors do it.
  void replace(const std::string& content) const {
    std::ofstream(path_ + ".new") << content;
    std::rename((path_ + ".new").c_str(), path_.c_str());
  }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// Why a request with these headers is refused; "" where it passes.
inline std::string refusal(const ServerAuth& server, const std::map<std::string, std::string>& headers) {
  const auto why = server.refusal([&](std::string_view name) -> std::string_view {
    const auto found = headers.find(std::string(name));
    return found == headers.end() ? std::string_view() : found->second;
  });
  return why ? why->why : "";
}

// The problems of a configuration, errors and warnings alike.
template <class T>
std::vector<std::string> problems_of(const std::string& yaml, T* out = nullptr) {
  config::Problems problems;
  T own;
  const config::Value body = config::parse_yaml(yaml, "c.yaml", problems);
  config::decode(config::At{body, "extensions::auth", problems}, out == nullptr ? own : *out);
  std::vector<std::string> texts;
  for (const config::Problem& problem : problems.all()) texts.push_back(problem.to_string());
  return texts;
}

}  // namespace weir::auth_test
