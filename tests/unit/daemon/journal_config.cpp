// SPDX-License-Identifier: Apache-2.0
#include "daemon/journal_config.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <vector>

#include "config/yaml.h"
#include "support/catch.h"

using namespace weir;

namespace {

using Strings = std::vector<std::string>;

struct Chosen {
  std::optional<JournalChoice> journal;
  Strings warnings;
  Ack ack(const std::string& receiver, Signal signal = Signal::kTraces) const {
    REQUIRE(journal);
    REQUIRE(journal->receivers.contains({receiver, signal}));
    return journal->receivers.at({receiver, signal});
  }
  bool has(const std::string& receiver, Signal signal = Signal::kTraces) const {
    return journal && journal->receivers.contains({receiver, signal});
  }
};

Chosen choose(const std::string& yaml, const JournalFlag& flag = {}) {
  config::Problems problems;
  const config::ServiceConfig config =
      config::parse_service_config(config::parse_yaml(yaml, "c.yaml", problems), problems);
  Chosen chosen{choose_journal(config, flag, problems), {}};
  for (const config::Problem& problem : problems.all()) {
    INFO(problem.to_string());
    CHECK(problem.warning);
    chosen.warnings.push_back(problem.to_string());
  }
  return chosen;
}

// Line 1: extensions; line 2: exporters; then the rest.
std::string document(const std::string& extensions, const std::string& exporters, const std::string& journal,
                     const std::string& pipelines) {
  return "extensions: {" + extensions + "}\nexporters: {" + exporters +
         "}\nreceivers: {otlp: , otlp/2: }\nconnectors: {forward: , span_metrics: }\nservice:\n  " + journal +
         "\n  pipelines:\n" + pipelines;
}

const std::string kPlain = "    traces: {receivers: [otlp], exporters: [debug]}\n";
const std::string kTwo =
    "    traces: {receivers: [otlp], exporters: [debug]}\n"
    "    traces/2: {receivers: [otlp/2], exporters: [debug/2]}\n";

std::string stored(const std::string& id, const std::string& storage) {
  return id + ": {sending_queue: {storage: " + storage + "}}";
}

}  // namespace

TEST_CASE("nobody wants a journal: there is none") {
  CHECK_FALSE(choose(document("file_storage: {directory: /d}", "debug: ", "", kPlain)).journal);
  CHECK_FALSE(choose(document("file_storage: ", stored("debug/unused", "file_storage"), "", kPlain)).journal);
}

TEST_CASE("the flag journals every receiver of any config, durably") {
  const Chosen got = choose(document("", "debug: , debug/2: ", "",
                                     kTwo + "    metrics: {receivers: [span_metrics], exporters: [debug]}\n" +
                                         "    logs: {receivers: [otlp], exporters: [debug]}\n"),
                            {"/var/j", "WEIR_JOURNAL"});
  REQUIRE(got.journal);
  CHECK(got.journal->directory == "/var/j");
  CHECK(got.journal->create_directory);
  CHECK(got.journal->source == "WEIR_JOURNAL");
  CHECK(got.journal->receivers.size() == 3);
  CHECK(got.ack("otlp") == Ack::kDurable);
  CHECK(got.ack("otlp/2") == Ack::kDurable);
  CHECK(got.ack("otlp", Signal::kLogs) == Ack::kDurable);
  CHECK(got.warnings == Strings{});
}

TEST_CASE("service.journal takes place, limit and ack from its extension") {
  const Chosen got =
      choose(document("file_storage: {directory: /d, create_directory: true, directory_permissions: \"0700\", "
                      "max_size: 2GiB}",
                      "debug: ", "journal: {storage: file_storage}", kPlain));
  REQUIRE(got.journal);
  CHECK(got.journal->directory == "/d");
  CHECK(got.journal->create_directory);
  CHECK(got.journal->permissions == 0700);
  CHECK(got.journal->max_bytes == 2ULL << 30);
  CHECK(got.journal->source == "service.journal");
  CHECK(got.ack("otlp") == Ack::kDurable);
  const auto ack_of = [](const std::string& extension, const std::string& journal) {
    return choose(document(extension, "debug: ", journal, kPlain)).ack("otlp");
  };
  CHECK(ack_of("file_storage: {fsync: false}", "journal: {storage: file_storage}") == Ack::kBuffered);
  CHECK(ack_of("file_storage: {fsync: true}", "journal: {storage: file_storage}") == Ack::kDurable);
  CHECK(ack_of("file_storage: {fsync: false}", "journal: {storage: file_storage, ack: durable}") == Ack::kDurable);
  CHECK(ack_of("file_storage: ", "journal: {storage: file_storage, ack: memory}") == Ack::kMemory);
}

TEST_CASE("a queue's storage journals what leads to it, and only that") {
  Chosen got =
      choose(document("file_storage: {directory: /d}", stored("debug", "file_storage") + ", debug/2: ", "", kTwo));
  CHECK(got.ack("otlp") == Ack::kDurable);
  CHECK(got.journal->directory == "/d");
  CHECK(got.journal->source == "exporters::debug");
  CHECK_FALSE(got.has("otlp/2"));
  got = choose(document("file_storage: {fsync: false}", stored("debug", "file_storage") + ", debug/2: ", "", kTwo));
  CHECK(got.ack("otlp") == Ack::kBuffered);
  CHECK(got.journal->ack == Ack::kBuffered);
}

TEST_CASE("forward and measuring connectors lead to a storage, too") {
  const std::string pipelines =
      "    traces: {receivers: [otlp], exporters: [forward]}\n"
      "    traces/kept: {receivers: [forward], exporters: [debug]}\n"
      "    traces/2: {receivers: [otlp/2], exporters: [span_metrics]}\n"
      "    metrics: {receivers: [span_metrics], exporters: [debug/2]}\n"
      "    logs: {receivers: [otlp], exporters: [debug/3]}\n";
  Chosen got =
      choose(document("file_storage: ", stored("debug", "file_storage") + ", debug/2: , debug/3: ", "", pipelines));
  CHECK(got.has("otlp"));
  CHECK_FALSE(got.has("otlp/2"));
  CHECK_FALSE(got.has("otlp", Signal::kLogs));
  got = choose(document("file_storage: ", stored("debug/2", "file_storage") + ", debug: , debug/3: ", "", pipelines));
  CHECK_FALSE(got.has("otlp"));
  CHECK(got.has("otlp/2"));
}

TEST_CASE("the strictest wish of what a receiver feeds decides its ack") {
  const std::string lax = "file_storage: {directory: /d, fsync: false}, file_storage/s: {directory: /d, fsync: true}";
  const std::string exporters = stored("debug", "file_storage") + ", " + stored("debug/2", "file_storage/s");
  Chosen got = choose(document(lax, exporters, "", kTwo));
  CHECK(got.ack("otlp") == Ack::kBuffered);
  CHECK(got.ack("otlp/2") == Ack::kDurable);
  CHECK(got.journal->ack == Ack::kDurable);
  CHECK(got.warnings == Strings{});
  got = choose(document(lax, exporters, "", "    traces: {receivers: [otlp], exporters: [debug, debug/2]}\n"));
  CHECK(got.ack("otlp") == Ack::kDurable);
  // service.journal stands for those that say nothing of their own; a written fsync: true is stricter.
  got = choose(document(lax, exporters, "journal: {storage: file_storage, ack: memory}", kTwo));
  CHECK(got.ack("otlp") == Ack::kBuffered);
  CHECK(got.ack("otlp/2") == Ack::kDurable);
  got = choose(document("file_storage: ", stored("debug", "file_storage"),
                        "journal: {storage: file_storage, ack: memory}", kPlain));
  CHECK(got.ack("otlp") == Ack::kMemory);
}

TEST_CASE("a second directory is not used, and told with its place") {
  const std::string extensions = "file_storage/a: {directory: /a}, file_storage/b: {directory: /b}";
  const std::string exporters = stored("debug", "file_storage/a") + ", " + stored("debug/2", "file_storage/b");
  Chosen got = choose(document(extensions, exporters, "", kTwo));
  CHECK(got.journal->directory == "/a");
  CHECK(got.has("otlp/2"));
  CHECK(got.warnings ==
        Strings{"c.yaml:2:99: warning: exporters::debug/2::sending_queue::storage: one journal serves all: it is in /a "
                "(exporters::debug), /b is not used"});
  got = choose(document(extensions, exporters, "journal: {storage: file_storage/b}", kTwo), {"/b", "--journal"});
  CHECK(got.journal->directory == "/b");
  REQUIRE(got.warnings.size() == 1);
  CHECK(got.warnings[0].find("it is in /b (--journal), /a is not used") != std::string::npos);
}

TEST_CASE("a written max_elapsed_time behind a journal is warned about") {
  const auto warnings_of = [](const std::string& retry) {
    return choose(document("", "debug: {retry_on_failure: {" + retry + "}}", "", kPlain), {"/j", "--journal"}).warnings;
  };
  CHECK(warnings_of("max_elapsed_time: 5m") ==
        Strings{"c.yaml:2:58: warning: exporters::debug::retry_on_failure::max_elapsed_time: gives up after 5m0s and "
                "drops; remove it or write 0 to retry as long as the journal has room"});
  CHECK(warnings_of("max_elapsed_time: 0").empty());
  CHECK(warnings_of("max_elapsed_time: 0s").empty());
  CHECK(warnings_of("initial_interval: 1s").empty());
  CHECK(warnings_of("enabled: false, max_elapsed_time: 5m").empty());
  // Not behind a journal: no word.
  CHECK(choose(document("file_storage: ",
                        "debug: {retry_on_failure: {max_elapsed_time: 5m}}, " + stored("debug/2", "file_storage"), "",
                        kTwo))
            .warnings.empty());
}

TEST_CASE("the directory is there before the journal opens") {
  char base[] = "/tmp/weir-journal-config-XXXXXX";
  REQUIRE(::mkdtemp(base) != nullptr);
  JournalChoice choice;
  choice.directory = std::string(base) + "/a/b";
  CHECK(prepare_directory(choice) ==
        "directory must exist: stat " + choice.directory +
            ": no such file or directory. You can enable the create_directory option to automatically create it");
  choice.create_directory = true;
  choice.permissions = 0700;
  CHECK(prepare_directory(choice).empty());
  CHECK(prepare_directory(choice).empty());
  struct stat info {};
  REQUIRE(::stat(choice.directory.c_str(), &info) == 0);
  CHECK((info.st_mode & 0777) == 0700);
  CHECK(::rmdir(choice.directory.c_str()) == 0);
  REQUIRE(::symlink("/dev/null", choice.directory.c_str()) == 0);
  CHECK(prepare_directory(choice) == choice.directory + " is not a directory");
  choice.directory += "/c";
  CHECK(prepare_directory(choice).find("problem accessing configured directory: ") == 0);
  ::unlink((std::string(base) + "/a/b").c_str());
  ::rmdir((std::string(base) + "/a").c_str());
  CHECK(::rmdir(base) == 0);
}
