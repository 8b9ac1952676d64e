// SPDX-License-Identifier: Apache-2.0
#include "telemetry/stderr_log.h"

#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <ctime>

namespace weir {
namespace {

constexpr size_t kMaxCauses = 4096;

void write_to_stderr(std::string_view line) {
  while (!line.empty()) {
    const ssize_t n = ::write(STDERR_FILENO, line.data(), line.size());
    if (n <= 0) return;  // nobody can be told that logging failed
    line.remove_prefix(static_cast<size_t>(n));
  }
}

std::string_view word_of(LogLevel level) {
  static constexpr std::string_view kWords[] = {"debug", "info", "warn", "error"};
  return kWords[static_cast<int>(level)];
}

std::string iso_time(Time now) {
  const int64_t ms = now.wall.count() / 1'000'000;
  const std::time_t seconds = static_cast<std::time_t>(ms / 1000);
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  char text[24];
  const size_t n = std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
  char millis[8];
  std::snprintf(millis, sizeof millis, ".%03dZ", static_cast<int>(ms % 1000));
  return std::string(text, n) + millis;
}

// Escapes what would end a line, a JSON string or move a terminal.
void append_escaped(std::string& out, std::string_view text, bool quotes) {
  for (const char c : text) {
    if (quotes && (c == '"' || c == '\\')) {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\t') {
      out += "\\t";
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      char code[8];
      std::snprintf(code, sizeof code, "\\u%04x", static_cast<unsigned>(static_cast<unsigned char>(c)));
      out += code;
    } else {
      out += c;
    }
  }
}

void append_field(std::string& out, std::string_view name, std::string_view value) {
  if (out.back() != '{') out += ", ";
  out += '"';
  append_escaped(out, name, true);
  out += "\": \"";
  append_escaped(out, value, true);
  out += '"';
}

}  // namespace

StderrLog::StderrLog(LogOptions options, const Clock& clock, Sink sink)
    : options_(std::move(options)), clock_(clock), sink_(sink ? std::move(sink) : Sink(write_to_stderr)) {}

StderrLog::~StderrLog() { flush(); }

void StderrLog::flush() {
  std::lock_guard lock(mutex_);
  tell_suppressed(clock_.now(), true);
}

void StderrLog::write(LogLevel level, std::string_view component, std::string_view message, LogFields fields) {
  if (level < options_.level) return;
  const Time now = clock_.now();
  std::vector<std::pair<std::string_view, std::string>> all(fields.begin(), fields.end());
  std::lock_guard lock(mutex_);
  if (options_.burst > 0) {
    if (now.mono >= next_sweep_) tell_suppressed(now, false);
    uint64_t told = 0;
    if (!admit(level, {std::string(component), std::string(message)}, now, told)) return;
    if (told > 0) all.emplace_back("suppressed", std::to_string(told));
  }
  sink_(line(now, level, component, message, all));
}

// `told`: how many lines of the cause were left out before this one.
bool StderrLog::admit(LogLevel level, Key key, Time now, uint64_t& told) {
  if (causes_.size() >= kMaxCauses && !causes_.contains(key)) causes_.clear();
  Cause& cause = causes_[std::move(key)];
  cause.level = level;
  if (cause.written == 0 || now.mono - cause.window_start >= options_.window) {
    cause.window_start = now.mono;
    cause.written = 0;
    told = std::exchange(cause.suppressed, 0);
  }
  if (cause.written >= options_.burst) {
    ++cause.suppressed;
    return false;
  }
  ++cause.written;
  return true;
}

void StderrLog::tell_suppressed(Time now, bool all) {
  next_sweep_ = now.mono + options_.window;
  std::erase_if(causes_, [&](auto& entry) {
    auto& [key, cause] = entry;
    if (!all && now.mono - cause.window_start < options_.window) return false;
    if (cause.suppressed > 0) {
      sink_(line(now, cause.level, key.first, key.second, {{"suppressed", std::to_string(cause.suppressed)}}));
    }
    return true;
  });
}

std::string StderrLog::line(Time now, LogLevel level, std::string_view component, std::string_view message,
                            const std::vector<std::pair<std::string_view, std::string>>& fields) const {
  std::string out;
  if (options_.encoding == LogOptions::Encoding::kJson) {
    out = "{";
    append_field(out, "level", word_of(level));
    append_field(out, "ts", iso_time(now));
    append_field(out, "msg", message);
  } else {
    out = iso_time(now) + "\t" + std::string(word_of(level)) + "\t";
    append_escaped(out, message, false);
    out += "\t{";
  }
  for (const auto& [name, value] : options_.initial_fields) append_field(out, name, value);
  if (!component.empty()) append_field(out, "component", component);
  for (const auto& [name, value] : fields) append_field(out, name, value);
  return out + "}\n";
}

bool parse_log_level(std::string_view word, LogLevel& out) {
  std::string lower(word);
  std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) { return std::tolower(c); });
  static constexpr std::pair<std::string_view, LogLevel> kWords[] = {
      {"debug", LogLevel::kDebug}, {"info", LogLevel::kInfo},   {"warn", LogLevel::kWarn},
      {"error", LogLevel::kError}, {"panic", LogLevel::kError}, {"dpanic", LogLevel::kError},
      {"fatal", LogLevel::kError}};
  for (const auto& [name, level] : kWords) {
    if (name != lower) continue;
    out = level;
    return true;
  }
  return false;
}

}  // namespace weir
