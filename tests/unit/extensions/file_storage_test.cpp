// SPDX-License-Identifier: Apache-2.0
#include "extensions/file_storage/config.h"

#include "config/yaml.h"
#include "support/catch.h"

using namespace weir;

namespace {

using Strings = std::vector<std::string>;

struct Read {
  FileStorageConfig config;
  Strings errors, warnings;
};

Read read(const std::string& yaml) {
  config::Problems problems;
  const config::Value body = config::parse_yaml(yaml, "c.yaml", problems);
  Read out;
  config::decode(config::At{body, "extensions::file_storage", problems}, out.config);
  for (const config::Problem& problem : problems.all())
    (problem.warning ? out.warnings : out.errors).push_back(problem.to_string());
  return out;
}

}  // namespace

TEST_CASE("file_storage: the collector's defaults") {
  const Read got = read("");
  CHECK(got.errors == Strings{});
  CHECK(got.config.directory == "/var/lib/otelcol/file_storage");
  CHECK_FALSE(got.config.create_directory);
  CHECK(got.config.permissions == 0750);
  CHECK_FALSE(got.config.fsync_written);
  CHECK(got.config.max_size == 0);
}

TEST_CASE("file_storage: what is written is taken") {
  const Read got = read(
      "{directory: /d, create_directory: true, directory_permissions: \"0700\", fsync: true, max_size: 10GiB, "
      "recreate: false}");
  CHECK(got.errors == Strings{});
  CHECK(got.warnings == Strings{});
  CHECK(got.config.directory == "/d");
  CHECK(got.config.create_directory);
  CHECK(got.config.permissions == 0700);
  CHECK(got.config.fsync);
  CHECK(got.config.fsync_written);
  CHECK(got.config.max_size == 10ULL << 30);
  CHECK(read("directory_permissions: 0755").config.permissions == 0755);
}

TEST_CASE("file_storage: keys that do nothing are told, and checked all the same") {
  Read got = read("{timeout: 2s, recreate: true, compaction: {on_start: true, directory: /tmp, check_interval: 5s}}");
  CHECK(got.errors == Strings{});
  CHECK(got.warnings.size() == 3);
  CHECK(got.warnings[0].find("c.yaml:1:11: warning: extensions::file_storage::timeout: does nothing") == 0);
  got = read("{timeout: 2, compaction: {on_strat: true}}");
  REQUIRE(got.errors.size() == 2);
  CHECK(got.errors[0].find("missing unit in duration") != std::string::npos);
  CHECK(got.errors[1].find("did you mean \"on_start\"?") != std::string::npos);
}

TEST_CASE("file_storage: mistakes have places") {
  CHECK(read("max_size: lots").errors ==
        Strings{"c.yaml:1:11: extensions::file_storage::max_size: expected a size like 1073741824, \"512MiB\" or "
                "\"1GB\", got lots"});
  CHECK(read("max_size: 0").errors.size() == 1);
  CHECK(read("directory: \"\"").errors.size() == 1);
  CHECK(read("directory_permissions: \"rwx\"").errors[0].find("must be a valid octal representation") !=
        std::string::npos);
  CHECK(read("directory_permissions: \"7777\"").errors[0].find("contain invalid bits for file access") !=
        std::string::npos);
  CHECK(read("directory_permissions: [7]").errors.size() == 1);
}
