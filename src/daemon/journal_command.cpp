// SPDX-License-Identifier: Apache-2.0
#include "daemon/journal_command.h"

#include <time.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "extensions/time_text.h"
#include "journal/quarantine.h"
#include "journal/reader.h"
#include "otlp/batch_ops.h"
#include "otlp/json_out.h"
#include "otlp/walker.h"

namespace weir {

namespace {

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

using TraceKey = std::pair<uint64_t, uint64_t>;
TraceKey key(const TraceId& trace) { return {trace.word[0], trace.word[1]}; }

// A live request with its index.
struct Live {
  uint64_t record = 0;
  const journal::RequestPayload& payload;
  const journal::RecordBook& book;
  const journal::Route& route;
  Batch batch;
  std::string broken;  // not empty: why `batch` is

  explicit Live(const journal::LiveRequest& request)
      : record(request.record), payload(*request.payload), book(*request.book), route(*request.route) {
    Part part;
    part.bytes = BufferRef::copy_of(payload.body);
    const otlp::WalkResult walked = otlp::walk(payload.signal, std::move(part), batch);
    if (!walked.ok) broken = walked.error;
  }
  // Somewhere.
  bool open(uint32_t item) const {
    for (uint32_t i = 0; i < book.open.size(); ++i) {
      if (book.open[i].items != 0 && !book.settled(i, item)) return true;
    }
    return false;
  }
};

// What one walk over the live requests tells beside the reader's facts.
class Survey {
 public:
  explicit Survey(const journal::Books& books) {
    for (const std::string& sampler : books.samplers()) {
      for (const LoggedDecision& decision : books.decisions(sampler)) decided_.insert(key(decision.trace));
    }
  }

  std::map<std::pair<std::string, Signal>, Duration>
      oldest;            // when the first open request was received, by destination
  size_t undecided = 0;  // of the open traces
  size_t open_traces() const { return open_.size(); }

  void add(const Live& request) {
    for (size_t i = 0; i < request.book.open.size(); ++i) {
      if (request.book.open[i].items == 0) continue;
      oldest.try_emplace({request.route.destinations[i], request.route.signal}, request.payload.context.received.wall);
    }
    for (const SpanRecord& span : request.batch.spans) {
      if (!request.open(span.item) || !open_.insert(key(span.trace_id)).second) continue;
      if (!decided_.contains(key(span.trace_id))) ++undecided;
    }
  }

 private:
  absl::flat_hash_set<TraceKey> open_;
  absl::flat_hash_set<TraceKey> decided_;  // by any sampler
};

class Command {
 public:
  Command(const config::JournalCommand& command, Disk& disk, Duration now, const JournalOutput& output)
      : command_(command), disk_(disk), now_(now), output_(output), log_(output) {}

  int run() {
    std::vector<std::string> names;
    if (const int error = disk_.list("", names); error != 0) {
      output_.error("Error: " + command_.directory + ": " + std::strerror(error) + "\n");
      return 1;
    }
    if (command_.refused) return export_refused();
    if (const std::string error = read(); !error.empty()) {
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

  // "" or why there is nothing to show. What a writer changes under the reader looks like damage, but not twice.
  std::string read() {
    constexpr int kReads = 3;
    for (int i = 0; i < kReads; ++i) {
      reader_ = std::make_unique<journal::JournalReader>(disk_, log_);
      facts_ = &reader_->open();
      if (!facts_->refused.empty()) continue;
      if (facts_->found.corrupt_records == 0 && facts_->found.lost.empty()) break;
    }
    if (!facts_->refused.empty()) return facts_->refused;
    return facts_->found.log.segments == 0 && facts_->found.checkpoint.empty() ? "no journal is there" : "";
  }

  // How many could not be read.
  uint64_t each_live(const std::function<void(const Live&)>& visit) {
    return reader_->for_each_live([&](const journal::LiveRequest& request) { visit(Live(request)); });
  }

  int inspect() {
    Survey survey(reader_->books());
    const uint64_t unreadable = each_live([&](const Live& request) { survey.add(request); });
    uint64_t bytes = 0;
    for (const journal::SegmentFacts& segment : facts_->segments) bytes += segment.bytes;
    line("format", std::to_string(journal::kFormatVersion));
    line("segments", std::to_string(facts_->segments.size()) + ", " + size_text(bytes));
    line("live", std::to_string(facts_->live_records) + " requests, " + size_text(facts_->live_bytes));
    if (facts_->oldest_record != 0) line("oldest", oldest_text());
    for (const journal::DestinationLag& lag : facts_->lag) line("open", lag_text(lag, survey));
    line("open traces", std::to_string(survey.open_traces()) + ", of them " + std::to_string(survey.undecided) +
                            " without a sampling decision");
    say_set_aside();
    if (unreadable != 0) line("unreadable", std::to_string(unreadable) + " requests, see verify");
    return 0;
  }

  std::string oldest_text() const {
    const Duration received = facts_->oldest_received;
    return "request " + std::to_string(facts_->oldest_record) + ", received at " + time_text(received) + ", " +
           age_text(received, now_) + " ago";
  }

  std::string lag_text(const journal::DestinationLag& lag, const Survey& survey) const {
    const std::string text = std::string(name_of(lag.signal)) + ": " + lag.destination + ": " +
                             std::to_string(lag.items) + " items of " + std::to_string(lag.records) + " requests";
    const auto oldest = survey.oldest.find({lag.destination, lag.signal});
    return oldest == survey.oldest.end() ? text : text + ", " + age_text(oldest->second, now_) + " behind";
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
    for (const journal::Damage& found : facts_->found.log.damages) {
      const std::string text = damage_text(found);
      if (!found.torn_tail) damage(text);
      if (found.torn_tail) output_.out(text + " (a write that a crash cut off: nobody was told it is safe)\n");
    }
    for (const journal::LostByName& lost : facts_->found.lost) damage(lost_text(lost));
    const uint64_t unreadable = each_live([&](const Live& request) {
      ++read;
      if (!request.broken.empty()) damage("request " + std::to_string(request.record) + ": " + request.broken);
    });
    if (unreadable != 0) damage(std::to_string(unreadable) + " live requests cannot be read");
    if (!journal::read_refused(disk_, [](const journal::RefusedItems&) {})) damage("refused: some bytes are no record");
    output_.out(std::to_string(facts_->found.log.segments) + " segments, " + std::to_string(read) +
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
    uint64_t broken = 0;
    const uint64_t missing = each_live([&](const Live& request) {
      if (request.broken.empty()) return write_open(request);
      output_.error("Error: request " + std::to_string(request.record) + ": " + request.broken + "\n");
      ++broken;
    });
    if (missing != 0) output_.error("Error: " + std::to_string(missing) + " requests cannot be read\n");
    return missing + broken == 0 ? 0 : 1;
  }

  void write_open(const Live& request) {
    std::vector<uint32_t> open;
    const bool traces = request.batch.signal == Signal::kTraces;
    for (uint32_t i = 0; i < otlp::record_count(request.batch); ++i) {
      if (request.open(traces ? request.batch.spans[i].item : request.batch.items[i].item)) open.push_back(i);
    }
    if (open.empty()) return;
    std::string text;
    const bool all = open.size() == otlp::record_count(request.batch);
    otlp::append_json(all ? request.batch : otlp::select(request.batch, open), text);
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
  std::unique_ptr<journal::JournalReader> reader_;
  const journal::JournalFacts* facts_ = nullptr;
};

}  // namespace

int run_journal_command(const config::JournalCommand& command, Disk& disk, Duration wall_now,
                        const JournalOutput& output) {
  return Command(command, disk, wall_now, output).run();
}

}  // namespace weir
