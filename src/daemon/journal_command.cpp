// SPDX-License-Identifier: Apache-2.0
#include "daemon/journal_command.h"

#include <time.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "daemon/journal_picture.h"
#include "extensions/health_check/health_check.h"
#include "journal/quarantine.h"
#include "otlp/batch_ops.h"
#include "otlp/json_out.h"
#include "otlp/walker.h"

namespace weir {

namespace {

using Live = JournalPicture::LiveRecord;

// Only what is worth a line to somebody who looks at a journal.
class WarningLog final : public Log {
 public:
  explicit WarningLog(const JournalOutput& output) : output_(output) {}
  void write(LogLevel level, std::string_view, std::string_view message, LogFields fields) override {
    if (level < LogLevel::kWarn) return;
    std::string line = "warning: " + std::string(message);
    for (const auto& [name, value] : fields) line.append(" ").append(name).append("=").append(value);
    output_.error(line + "\n");
  }

 private:
  const JournalOutput& output_;
};

// RFC 3339 in UTC, to the second.
std::string time_text(Duration wall) {
  const time_t seconds = std::chrono::duration_cast<std::chrono::seconds>(wall).count();
  tm parts{};
  ::gmtime_r(&seconds, &parts);
  char text[32];
  return {text, ::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts)};
}

std::string age_text(Duration wall, Duration now) {
  return go_duration_text(std::chrono::duration_cast<std::chrono::seconds>(now - wall));
}

std::string size_text(uint64_t bytes) {
  char text[32];
  if (bytes < 1 << 20) return std::to_string(bytes) + " bytes";
  std::snprintf(text, sizeof text, "%.1f MiB", static_cast<double>(bytes) / (1 << 20));
  return text;
}

// What is open at one destination.
struct Lag {
  uint64_t requests = 0;
  uint64_t items = 0;
  std::optional<Duration> oldest;
};

// One walk over the live records.
struct Survey {
  std::map<std::string, Lag> lags;  // by destination and signal
  absl::flat_hash_set<JournalPicture::TraceKey> open_traces;
  size_t undecided = 0;
  uint64_t oldest_number = 0;
  std::optional<Context> oldest;
  uint64_t unreadable = 0;

  void add(const JournalPicture& picture, const Live& record) {
    if (!record.broken.empty()) ++unreadable;
    if (record.broken.empty() && !oldest) {
      oldest = record.context;
      oldest_number = record.number;
    }
    for (size_t i = 0; i < record.book->open.size(); ++i) add_lag(record, i);
    for (const SpanRecord& span : record.batch.spans) {
      if (!record.open(span.item) || !open_traces.insert(JournalPicture::key(span.trace_id)).second) continue;
      if (!picture.decided(span.trace_id)) ++undecided;
    }
  }

  void add_lag(const Live& record, size_t destination) {
    const uint32_t open = record.book->open[destination].items;
    if (open == 0) return;
    Lag& lag = lags[std::string(name_of(record.route->signal)) + ": " + record.route->destinations[destination]];
    ++lag.requests;
    lag.items += open;
    if (!lag.oldest && record.broken.empty()) lag.oldest = record.context.received.wall;
  }
};

class Command {
 public:
  Command(const config::JournalCommand& command, Disk& disk, Duration now, const JournalOutput& output)
      : command_(command), disk_(disk), now_(now), output_(output), log_(output), picture_(disk, log_) {}

  int run() {
    std::vector<std::string> names;
    if (const int error = disk_.list("", names); error != 0) {
      output_.error("Error: " + command_.directory + ": " + std::strerror(error) + "\n");
      return 1;
    }
    if (command_.refused) return export_refused();
    if (const std::string error = picture_.read(); !error.empty()) {
      output_.error("Error: " + command_.directory + ": " + error + "\n");
      return 1;
    }
    if (command_.action == "verify") return verify();
    return command_.action == "export" ? export_live() : inspect();
  }

 private:
  void line(const char* name, const std::string& text) {
    std::string out(name);
    out.resize(16, ' ');
    output_.out(out + text + "\n");
  }

  int inspect() {
    Survey survey;
    picture_.each_live([&](const Live& record) { survey.add(picture_, record); });
    const journal::Books& books = picture_.books();
    line("format", std::to_string(journal::kFormatVersion));
    line("segments",
         std::to_string(picture_.recovered().log.segments) + ", " + size_text(picture_.disk_bytes()) + " on disk");
    line("live", std::to_string(books.live_records()) + " requests, " + size_text(books.live_bytes()));
    if (survey.oldest) line("oldest", oldest_text(survey));
    for (const auto& [destination, lag] : survey.lags) line("open", lag_text(destination, lag));
    line("open traces", std::to_string(survey.open_traces.size()) + ", of them " + std::to_string(survey.undecided) +
                            " without a sampling decision");
    say_set_aside();
    if (survey.unreadable != 0) line("unreadable", std::to_string(survey.unreadable) + " requests, see verify");
    return 0;
  }

  std::string oldest_text(const Survey& survey) const {
    const Context& context = *survey.oldest;
    return "request " + std::to_string(survey.oldest_number) + " from " + context.receiver + " at " +
           time_text(context.received.wall) + ", " + age_text(context.received.wall, now_) + " ago";
  }

  std::string lag_text(const std::string& destination, const Lag& lag) const {
    return destination + ": " + std::to_string(lag.items) + " items of " + std::to_string(lag.requests) + " requests" +
           (lag.oldest ? ", " + age_text(*lag.oldest, now_) + " behind" : "");
  }

  void say_set_aside() {
    size_t refused = 0, quarantined = 0;
    journal::read_refused(disk_, [&](const journal::RefusedItems&) { ++refused; });
    journal::read_quarantine(disk_, [&](uint64_t, std::string_view) { ++quarantined; });
    if (refused != 0) line("refused", std::to_string(refused) + " requests by destinations, see export --refused");
    if (quarantined != 0) line("quarantine", std::to_string(quarantined) + " requests that crashed the process");
  }

  int verify() {
    uint64_t damages = 0, read = 0;
    const auto damage = [&](const std::string& text) {
      ++damages;
      output_.out(text + "\n");
    };
    for (const journal::Damage& found : picture_.recovered().log.damages) {
      const std::string text = damage_text(found);
      if (!found.torn_tail) damage(text);
      if (found.torn_tail) output_.out(text + " (a write that a crash cut off: nobody was told it is safe)\n");
    }
    for (const journal::LostByName& lost : picture_.recovered().lost) damage(lost_text(lost));
    picture_.each_live([&](const Live& record) {
      ++read;
      if (!record.broken.empty()) damage("request " + std::to_string(record.number) + ": " + record.broken);
    });
    if (!journal::read_refused(disk_, [](const journal::RefusedItems&) {})) damage("refused: some bytes are no record");
    output_.out(std::to_string(picture_.recovered().log.segments) + " segments, " + std::to_string(read) +
                " live requests read, " + std::to_string(damages) + " damages\n");
    return damages == 0 ? 0 : 1;
  }

  static std::string damage_text(const journal::Damage& damage) {
    std::string text = "segment " + std::to_string(damage.segment) + " at " + std::to_string(damage.offset) + ": " +
                       std::to_string(damage.bytes) + " bytes cannot be read";
    if (damage.head_known && damage.head.kind == journal::RecordKind::kRequest)
      text +=
          ", request " + std::to_string(damage.head.sequence) + " of " + std::to_string(damage.head.items) + " items";
    return text;
  }

  static std::string lost_text(const journal::LostByName& lost) {
    return "lost: " + std::to_string(lost.items) + " items of " + std::string(name_of(lost.signal)) +
           (lost.destination.empty() ? ", nobody knows for whom" : " for " + lost.destination);
  }

  // What is open somewhere of each live request.
  int export_live() {
    int result = 0;
    picture_.each_live([&](const Live& record) {
      if (record.broken.empty()) return write_open(record);
      output_.error("Error: request " + std::to_string(record.number) + ": " + record.broken + "\n");
      result = 1;
    });
    return result;
  }

  void write_open(const Live& record) {
    std::vector<uint32_t> open;
    const bool traces = record.batch.signal == Signal::kTraces;
    for (uint32_t i = 0; i < otlp::record_count(record.batch); ++i) {
      if (record.open(traces ? record.batch.spans[i].item : record.batch.items[i].item)) open.push_back(i);
    }
    if (open.empty()) return;
    std::string text;
    const bool all = open.size() == otlp::record_count(record.batch);
    otlp::append_json(all ? record.batch : otlp::select(record.batch, open), text);
    output_.out(text + "\n");
  }

  int export_refused() {
    const bool sound = journal::read_refused(disk_, [this](const journal::RefusedItems& items) { write(items); });
    if (sound) return 0;
    output_.error("Error: " + command_.directory + ": some of what was refused cannot be read\n");
    return 1;
  }

  void write(const journal::RefusedItems& items) {
    Part part;
    part.bytes = BufferRef::copy_of(items.request);
    Batch batch;
    const otlp::WalkResult walked = otlp::walk(items.signal, std::move(part), batch);
    std::string text = "{\"time\":\"" + time_text(items.at) + "\",\"destination\":";
    otlp::append_json_string(items.destination, text);
    text += ",\"message\":";
    otlp::append_json_string(items.message, text);
    text += ",\"request\":";
    if (walked.ok) otlp::append_json(batch, text);
    if (!walked.ok) text += "null";
    output_.out(text + "}\n");
  }

  const config::JournalCommand& command_;
  Disk& disk_;
  const Duration now_;
  const JournalOutput& output_;
  WarningLog log_;
  JournalPicture picture_;
};

}  // namespace

int run_journal_command(const config::JournalCommand& command, Disk& disk, Duration wall_now,
                        const JournalOutput& output) {
  return Command(command, disk, wall_now, output).run();
}

}  // namespace weir
