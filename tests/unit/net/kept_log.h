// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mutex>
#include <string>
#include <vector>

#include "weir/log.h"

namespace weir::net::test {

// Lines as "warn otlp the message a=1 b=2".
struct KeptLog final : Log {
  void write(LogLevel level, std::string_view component, std::string_view message, LogFields fields) override {
    static constexpr const char* kLevels[] = {"debug", "info", "warn", "error"};
    std::string line = kLevels[static_cast<int>(level)];
    ((line += ' ') += component) += ' ';
    line += message;
    for (const auto& [key, value] : fields) (((line += ' ') += key) += '=') += value;
    std::lock_guard lock(mutex);
    lines.push_back(std::move(line));
  }
  std::string first() {
    std::lock_guard lock(mutex);
    return lines.empty() ? "" : lines.front();
  }
  // What there is, and forgets it.
  std::vector<std::string> take() {
    std::lock_guard lock(mutex);
    return std::exchange(lines, {});
  }
  std::mutex mutex;
  std::vector<std::string> lines;  // guarded by mutex
};

}  // namespace weir::net::test
