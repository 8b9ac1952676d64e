// SPDX-License-Identifier: Apache-2.0
#include "daemon/journal_config.h"

#include <sys/stat.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstring>
#include <set>
#include <vector>

#include "config/storage.h"
#include "daemon/components.h"
#include "extensions/file_storage/config.h"
#include "extensions/time_text.h"

namespace weir {

namespace {

using config::ComponentConfig;
using config::ComponentKind;
using config::PipelineConfig;
using config::Reference;

bool names(const std::vector<Reference>& references, const config::ComponentId& id) {
  return std::any_of(references.begin(), references.end(), [&](const Reference& r) { return r.id == id; });
}

// Which exporters the requests of a receiver come to.
class Reach {
 public:
  // `through_all`: also what connectors make of them, not only what forward hands on.
  Reach(const config::ServiceConfig& config, bool through_all) : config_(config), through_all_(through_all) {}

  std::set<const ComponentConfig*> from(const config::ComponentId& receiver, Signal signal) const {
    std::set<const ComponentConfig*> found;
    for (const PipelineConfig& pipeline : config_.pipelines) {
      if (pipeline.signal == signal && names(pipeline.receivers, receiver)) follow(pipeline, found);
    }
    return found;
  }

 private:
  void follow(const PipelineConfig& pipeline, std::set<const ComponentConfig*>& found) const {
    for (const Reference& to : pipeline.exporters) {
      if (const ComponentConfig* exporter = config_.find(ComponentKind::kExporter, to.id)) {
        found.insert(exporter);
      } else {
        follow_connector(to.id, pipeline.signal, found);
      }
    }
  }

  // The graph has no cycles.
  void follow_connector(const config::ComponentId& id, Signal signal, std::set<const ComponentConfig*>& found) const {
    const bool forward = id.type == "forward";
    if (!forward && !through_all_) return;
    for (const PipelineConfig& next : config_.pipelines) {
      if ((next.signal == signal) == forward && names(next.receivers, id)) follow(next, found);
    }
  }

  const config::ServiceConfig& config_;
  const bool through_all_;
};

Ack wish_of(const FileStorageConfig& storage) {
  return storage.fsync_written && !storage.fsync ? Ack::kBuffered : Ack::kDurable;
}

class Chooser {
 public:
  Chooser(const config::ServiceConfig& config, const JournalFlag& flag, config::Problems& problems)
      : config_(config), flag_(flag), problems_(problems) {}

  std::optional<JournalChoice> choose() {
    if (!flag_.directory.empty()) take_flag();
    if (config_.journal) take_section(*config_.journal);
    take_queues();
    if (!base_ && wishes_.empty()) return std::nullopt;
    mark_receivers();
    if (choice_.receivers.empty()) return std::nullopt;
    warn_of_giving_up();
    return std::move(choice_);
  }

 private:
  void take_flag() {
    choice_.directory = flag_.directory;
    choice_.create_directory = true;
    choice_.source = flag_.source;
    base_ = Ack::kDurable;
  }

  void take_section(const config::JournalConfig& section) {
    const std::optional<FileStorageConfig> storage = storage_of(section.storage);
    if (!storage) return;
    take_directory(*storage, section.storage_place, "service::journal::storage", "service.journal");
    if (base_) return;
    base_ = section.ack.value_or(wish_of(*storage));
    ack_is_written_ = section.ack.has_value();
  }

  void take_queues() {
    std::set<const ComponentConfig*> seen;
    for (const PipelineConfig& pipeline : config_.pipelines) {
      for (const Reference& to : pipeline.exporters) {
        const ComponentConfig* exporter = config_.find(ComponentKind::kExporter, to.id);
        if (exporter != nullptr && seen.insert(exporter).second) take_queue(*exporter);
      }
    }
  }

  void take_queue(const ComponentConfig& exporter) {
    const std::optional<Reference> reference = config::queue_storage(exporter);
    const std::optional<FileStorageConfig> storage = reference ? storage_of(reference->id) : std::nullopt;
    if (!storage) return;
    const std::string path = exporter.path(ComponentKind::kExporter);
    take_directory(*storage, reference->place, path + "::sending_queue::storage", path);
    // A written service.journal.ack stands against everything but a written wish.
    if (!ack_is_written_ || storage->fsync_written) wishes_[&exporter] = wish_of(*storage);
  }

  // The first one is it.
  void take_directory(const FileStorageConfig& storage, const config::Place& place, const std::string& path,
                      const std::string& source) {
    if (choice_.directory.empty()) {
      choice_.directory = storage.directory;
      choice_.create_directory = storage.create_directory;
      choice_.permissions = storage.permissions;
      choice_.max_bytes = storage.max_size;
      choice_.source = source;
    } else if (choice_.directory != storage.directory) {
      problems_.warn(place, path,
                     "one journal serves all: it is in " + choice_.directory + " (" + choice_.source + "), " +
                         storage.directory + " is not used");
    }
  }

  std::optional<FileStorageConfig> storage_of(const config::ComponentId& id) const {
    const ComponentConfig* extension = config_.find(ComponentKind::kExtension, id);
    if (extension == nullptr || id.type != "file_storage") return std::nullopt;
    return ComponentList::decode_body<FileStorageConfig>(extension->body);
  }

  void mark_receivers() {
    for (const PipelineConfig& pipeline : config_.pipelines) {
      for (const Reference& from : pipeline.receivers) {
        if (config_.find(ComponentKind::kReceiver, from.id) != nullptr) mark(from.id, pipeline.signal);
      }
    }
  }

  void mark(const config::ComponentId& receiver, Signal signal) {
    std::optional<Ack> ack = base_;
    for (const ComponentConfig* exporter : Reach(config_, true).from(receiver, signal)) {
      const auto wish = wishes_.find(exporter);
      if (wish != wishes_.end()) ack = std::max(ack.value_or(Ack::kMemory), wish->second);
    }
    if (!ack) return;
    choice_.receivers[{receiver.to_string(), signal}] = *ack;
    choice_.ack = std::max(choice_.ack, *ack);
    behind_.merge(Reach(config_, false).from(receiver, signal));
  }

  void warn_of_giving_up() {
    for (const ComponentConfig& exporter : config_.exporters) {
      if (behind_.contains(&exporter)) warn_of_giving_up(exporter);
    }
  }

  void warn_of_giving_up(const ComponentConfig& exporter) {
    const config::Value* retry = exporter.body.find("retry_on_failure");
    const config::Value* written = retry == nullptr ? nullptr : retry->find("max_elapsed_time");
    if (written == nullptr) return;
    const config::Value* enabled = retry->find("enabled");
    if (enabled != nullptr && enabled->kind == config::Value::Kind::kBool && !enabled->boolean) return;
    const std::optional<Duration> limit = config::parse_duration(written->text);
    if (!limit || *limit <= Duration{0}) return;
    problems_.warn(written->place, exporter.path(ComponentKind::kExporter) + "::retry_on_failure::max_elapsed_time",
                   "gives up after " + go_duration_text(*limit) +
                       " and drops; remove it or write 0 to retry as long as the journal has room");
  }

  const config::ServiceConfig& config_;
  const JournalFlag& flag_;
  config::Problems& problems_;
  JournalChoice choice_;
  std::optional<Ack> base_;                       // of every receiver, where the flag or service.journal stands
  bool ack_is_written_ = false;                   // in service.journal
  std::map<const ComponentConfig*, Ack> wishes_;  // of exporters with a storage
  std::set<const ComponentConfig*> behind_;       // exporters that get journaled requests
};

// Makes what is missing of the path; as in the collector, parents with the same permissions.
int make_directories(const std::string& path, mode_t permissions) {
  for (size_t end = path.find('/', 1);; end = path.find('/', end + 1)) {
    if (::mkdir(path.substr(0, end).c_str(), permissions) != 0 && errno != EEXIST) return errno;
    if (end == std::string::npos) return 0;
  }
}

// "no such file or directory", as Go writes it.
std::string error_text(int error) {
  std::string text = std::strerror(error);
  text[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(text[0])));
  return text;
}

}  // namespace

std::optional<JournalChoice> choose_journal(const config::ServiceConfig& config, const JournalFlag& flag,
                                            config::Problems& problems) {
  return Chooser(config, flag, problems).choose();
}

std::string prepare_directory(const JournalChoice& choice) {
  const std::string& directory = choice.directory;
  struct stat info {};
  int error = ::stat(directory.c_str(), &info) == 0 ? 0 : errno;
  if (error == ENOENT && choice.create_directory) {
    error = make_directories(directory, choice.permissions);
    if (error == 0) error = ::stat(directory.c_str(), &info) == 0 ? 0 : errno;
  }
  const std::string what = "stat " + directory + ": " + error_text(error);
  if (error == ENOENT) {
    return "directory must exist: " + what + ". You can enable the create_directory option to automatically create it";
  }
  if (error != 0) return "problem accessing configured directory: " + directory + ", err: " + what;
  return S_ISDIR(info.st_mode) ? "" : directory + " is not a directory";
}

}  // namespace weir
