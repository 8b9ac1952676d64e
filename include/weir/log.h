// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace weir {

enum class LogLevel : int { kDebug = 0, kInfo = 1, kWarn = 2, kError = 3 };

using LogFields = std::initializer_list<std::pair<std::string_view, std::string>>;

// Structured log lines: one line per event, `message` constant per cause, what varies in the fields. The implementation
// limits lines per cause (component + message) and says how many it left out. Thread-safe. Never called per span.
class Log {
 public:
  virtual ~Log() = default;
  virtual void write(LogLevel level, std::string_view component, std::string_view message, LogFields fields) = 0;

  void debug(std::string_view component, std::string_view message, LogFields fields = {}) {
    write(LogLevel::kDebug, component, message, fields);
  }
  void info(std::string_view component, std::string_view message, LogFields fields = {}) {
    write(LogLevel::kInfo, component, message, fields);
  }
  void warn(std::string_view component, std::string_view message, LogFields fields = {}) {
    write(LogLevel::kWarn, component, message, fields);
  }
  void error(std::string_view component, std::string_view message, LogFields fields = {}) {
    write(LogLevel::kError, component, message, fields);
  }
};

}  // namespace weir
