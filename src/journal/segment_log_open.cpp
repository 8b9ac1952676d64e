// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cerrno>
#include <map>
#include <system_error>

#include "journal/segment_log.h"
#include "journal/segment_log_impl.h"
#include "journal/segment_scan.h"

namespace weir::journal {
namespace {

std::string text_of(int error) { return std::generic_category().message(error); }

// Reading can be done without what is broken, but not without what this process may not read, or not at the moment.
bool is_broken(int error) { return error == EIO || error == ENOENT; }

}  // namespace

// One run of open(): what there is, then, record by record, what is in it.
struct SegmentLog::Opening {
  Impl& log;
  const bool read_only;
  OpenReport report;
  std::vector<uint64_t> numbers;
  std::vector<uint64_t> spares;
  std::vector<Survey> surveys;
  std::map<uint32_t, RouteTableRef> tables;  // by checksum
  SegmentWriter::Start start{.epoch = 0};

  bool list_files();
  bool survey_all();
  bool survey_one(uint64_t number);
  bool refuse_newer(const Survey& survey);
  RouteTableRef routes_for(const Survey& survey) const;
  void note_number(uint64_t of_another) {
    if (of_another <= INT64_MAX) start.next_number = std::max(start.next_number, of_another + 1);
  }
  void take_spare(uint64_t number);
  void read_segment(size_t index, const std::function<void(const FoundRecord&)>& found);
  WalkEnd walk(const Survey& survey, DiskFile& file, const std::function<void(const FoundRecord&)>& found);
};

bool SegmentLog::Opening::list_files() {
  std::vector<std::string> names;
  if (const int error = log.disk.list("", names); error != 0) {
    report.refused = "cannot list the journal's directory: " + text_of(error);
    return false;
  }
  for (const std::string& name : names) {
    if (const auto segment = segment_number(name)) {
      numbers.push_back(*segment);
    } else if (const auto spare = spare_number(name)) {
      spares.push_back(*spare);
    } else {
      report.foreign_files.push_back(name);
    }
  }
  std::sort(numbers.begin(), numbers.end());
  std::sort(spares.begin(), spares.end());
  std::sort(report.foreign_files.begin(), report.foreign_files.end());
  return true;
}

bool SegmentLog::Opening::refuse_newer(const Survey& survey) {
  if (survey.version <= kFormatVersion) return false;
  report.refused = segment_name(survey.number) + " was written by journal format " + std::to_string(survey.version) +
                   ", this weir reads formats up to " + std::to_string(kFormatVersion) + ": a newer weir is needed";
  return true;
}

bool SegmentLog::Opening::survey_one(uint64_t number) {
  Survey survey{.number = number};
  std::unique_ptr<DiskFile> file;
  int error = log.disk.open(segment_name(number), Disk::Mode::kRead, file);
  if (error == 0) error = file->size(survey.size);
  if (error == 0) survey = survey_segment(*file, number, survey.size);
  if (error != 0 && !is_broken(error)) {
    report.refused = "cannot read " + segment_name(number) + ": " + text_of(error);
  }
  if (!report.refused.empty() || refuse_newer(survey)) return false;
  surveys.push_back(std::move(survey));
  return true;
}

bool SegmentLog::Opening::survey_all() {
  for (uint64_t number : numbers) {
    if (!survey_one(number)) return false;
  }
  for (Survey& survey : surveys) {
    start.epoch = std::max(start.epoch, survey.epoch);
    start.next_number = std::max(start.next_number, survey.number + 1);
    note_number(survey.header.number);
    if (!survey.routes) continue;
    auto table = std::make_shared<const RouteTable>(std::move(*survey.routes));
    tables.emplace(table->checksum, std::move(table));
  }
  return true;
}

// The routes of a segment, by what its heads say of them: where its own copies are broken, another segment may have the
// same.
RouteTableRef SegmentLog::Opening::routes_for(const Survey& survey) const {
  const auto found = tables.find(survey.routes_checksum);
  return found != tables.end() ? found->second : nullptr;
}

// A spare is zeros, or begins with a sound header, whose number and epoch are not used again.
void SegmentLog::Opening::take_spare(uint64_t number) {
  std::unique_ptr<DiskFile> file;
  uint64_t size = 0;
  HeaderBytes bytes{};
  size_t got = 0;
  bool good = log.disk.open(spare_name(number), Disk::Mode::kRead, file) == 0 && file->size(size) == 0 &&
              size == log.options.segment_bytes && file->read(0, bytes.data(), bytes.size(), got) == 0;
  if (const auto header = decode_header({bytes.data(), got})) {
    start.epoch = std::max(start.epoch, header->epoch);
    note_number(header->number);
  } else {
    good = good && std::all_of(bytes.begin(), bytes.end(), [](char byte) { return byte == '\0'; });
  }
  if (read_only || (good && log.spares.add_found(number))) return;
  log.disk.remove(spare_name(number));
}

WalkEnd SegmentLog::Opening::walk(const Survey& survey, DiskFile& file,
                                  const std::function<void(const FoundRecord&)>& found) {
  FileWindow window(file, survey.size);
  return walk_records(window, survey.number, survey.epoch,
                      [&](const HeadFrame& frame, uint64_t offset, std::string_view payload) {
                        start.progress.note(frame.head);
                        const auto size = static_cast<uint32_t>(record_size(frame.head.size));
                        found({frame.head, {survey.number, static_cast<uint32_t>(offset), size}, payload});
                      });
}

void SegmentLog::Opening::read_segment(size_t index, const std::function<void(const FoundRecord&)>& found) {
  const Survey& survey = surveys[index];
  Segment& segment = log.segments[survey.number];
  segment = {.bytes = survey.size, .epoch = survey.epoch, .routes = routes_for(survey)};
  segment.header_sound = survey.header_state == Survey::Header::kSound;
  if (segment.header_sound) {
    segment.previous = survey.header.previous;
    segment.previous_end = survey.header.previous_end;
  }
  const SyncedPart synced = synced_part(surveys, index);
  WalkEnd walked;
  std::unique_ptr<DiskFile> file;
  const bool last = index + 1 == surveys.size();
  const bool there = log.disk.open(segment_name(survey.number), Disk::Mode::kRead, file) == 0;
  if (there && survey.header_state != Survey::Header::kOther) walked = walk(survey, *file, found);
  for (Damage& damage : judge_damages(survey, walked, synced)) report.damages.push_back(std::move(damage));
  const uint64_t on_disk = std::max(synced.end, walked.synced_to);
  if (last) start.previous = survey.number;
  if (last) start.previous_end = on_disk;
  // What was found counts from now on, so it has to be on disk as well; it may only be in memory after a kill.
  if (!there || read_only || synced.all || walked.end <= on_disk) return;
  if (const int error = file->sync(); error != 0) {
    log.log.warn("journal", "cannot sync what was found",
                 {{"segment", segment_name(survey.number)}, {"error", text_of(error)}});
  }
}

OpenReport SegmentLog::open(const std::function<void(const FoundRecord&)>& found, bool read_only) {
  Opening opening{.log = *impl_, .read_only = read_only};
  if (!opening.list_files() || !opening.survey_all()) return opening.report;
  opening.report.segments = opening.surveys.size();
  for (uint64_t spare : opening.spares) opening.take_spare(spare);
  for (size_t i = 0; i < opening.surveys.size(); ++i) opening.read_segment(i, found);
  ++opening.start.epoch;
  impl_->writer.start(opening.start);
  return opening.report;
}

}  // namespace weir::journal
