// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "weir/clock.h"
#include "weir/log.h"

namespace weir {

// service.telemetry.logs
struct LogOptions {
  enum class Encoding : uint8_t { kConsole, kJson };
  LogLevel level = LogLevel::kInfo;
  Encoding encoding = Encoding::kConsole;
  std::vector<std::pair<std::string, std::string>> initial_fields;  // on every line
  // Of one cause (component + message) at most `burst` lines are written per `window`; how many were left out is said
  // by the next line of the cause, or by a line of its own when a window has passed. 0 = no limit.
  uint32_t burst = 10;
  Duration window = std::chrono::seconds(10);
};

// Structured lines on standard error, in the collector's shape: `time \t level \t message \t {fields}`, or one JSON
// object. Text is escaped, so that an event is always one line. Thread-safe; one write(2) per line.
class StderrLog final : public Log {
 public:
  using Sink = std::function<void(std::string_view line)>;  // takes a line with its newline

  StderrLog(LogOptions options, const Clock& clock, Sink sink = {});
  ~StderrLog() override;

  void write(LogLevel level, std::string_view component, std::string_view message, LogFields fields) override;
  // Says what was left out and not yet told.
  void flush();

 private:
  struct Cause {
    LogLevel level = LogLevel::kInfo;
    Duration window_start{0};
    uint32_t written = 0;
    uint64_t suppressed = 0;
  };
  using Key = std::pair<std::string, std::string>;  // component, message

  bool admit(LogLevel level, Key key, Time now, uint64_t& told);
  void tell_suppressed(Time now, bool all);
  std::string line(Time now, LogLevel level, std::string_view component, std::string_view message,
                   const std::vector<std::pair<std::string_view, std::string>>& fields) const;

  const LogOptions options_;
  const Clock& clock_;
  const Sink sink_;
  std::mutex mutex_;
  std::map<Key, Cause> causes_;
  Duration next_sweep_{0};
};

// "debug", "info", "warn", "error" in any case (also zap's words "dpanic", "panic", "fatal", which mean error here);
// false where the word is none of them.
bool parse_log_level(std::string_view word, LogLevel& out);

}  // namespace weir
