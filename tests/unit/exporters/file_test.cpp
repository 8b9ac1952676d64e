// SPDX-License-Identifier: Apache-2.0
#include "exporters/file/file.h"

#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "net/codecs.h"
#include "otlp/json_in.h"
#include "queue_fixture.h"

namespace weir::test {

using std::chrono::milliseconds;
namespace fs = std::filesystem;

namespace {

struct TemporaryDirectory {
  TemporaryDirectory() {
    std::string pattern = (fs::temp_directory_path() / "weir-file-XXXXXX").string();
    path = ::mkdtemp(pattern.data());
  }
  ~TemporaryDirectory() { fs::remove_all(path); }
  std::string read(const std::string& name) const {
    std::ifstream in(path / name, std::ios::binary);
    std::stringstream all;
    all << in.rdbuf();
    return all.str();
  }
  fs::path path;
};

struct FileWorld : ExporterWorld {
  FileWorld() { config.path = (directory.path / "out.json").string(); }
  void build() {
    exporter = make_file(config, env());
    stage = exporter->make_stage(shards.at(0));
  }
  void tick(Duration by) {
    clock.advance(by);
    stage->on_tick(clock.now());
  }
  TemporaryDirectory directory;
  FileConfig config;
  SimShards shards{1, 1};
  std::unique_ptr<Exporter> exporter;
  std::unique_ptr<Stage> stage;
};

std::string spans_of_line(const std::string& json) {
  std::string error;
  const auto read = otlp::json_to_protobuf(Signal::kTraces, json, &error);
  INFO(json);
  REQUIRE(read);
  const Batch batch = walked(Signal::kTraces, *read, 0);
  std::string names;
  for (const SpanRecord& span : batch.spans) names += std::string(batch.name(span)) + " ";
  return names;
}

}  // namespace

TEST_CASE("file: a JSON line for each batch, written at the flush interval and settled then") {
  FileWorld world;
  world.build();
  world.stage->consume(world.spans(2, nullptr, "a"));
  world.stage->consume(world.spans(1, nullptr, "b"));
  world.tick(milliseconds(990));
  CHECK(world.directory.read("out.json").empty());
  CHECK(world.stage->held() == 3);
  world.check_accounts(3);
  world.tick(milliseconds(10));
  std::istringstream lines(world.directory.read("out.json"));
  std::string first, second, third;
  std::getline(lines, first);
  std::getline(lines, second);
  CHECK(spans_of_line(first) == "a0 a1 ");
  CHECK(spans_of_line(second) == "b0 ");
  CHECK_FALSE(std::getline(lines, third));
  CHECK(world.settled(Outcome::kExported) == 3);
  CHECK(world.stage->idle());
  world.check_accounts(0);
}

TEST_CASE("file: what is buffered is written at shutdown") {
  FileWorld world;
  world.build();
  world.stage->consume(world.spans(4));
  world.stage->flush(world.clock.now());
  CHECK(world.stage->idle());
  CHECK(world.settled(Outcome::kExported) == 4);
  CHECK(world.directory.read("out.json").ends_with("}\n"));
}

TEST_CASE("file: an old file is begun anew, or gone on in") {
  FileWorld world;
  std::ofstream(world.config.path) << "old\n";
  world.config.append = true;
  world.build();
  CHECK(world.directory.read("out.json") == "old\n");
  world.stage.reset();
  world.config.append = false;
  world.build();
  CHECK(world.directory.read("out.json").empty());
}

TEST_CASE("file: protobuf messages with their length before them") {
  FileWorld world;
  world.config.format = FileConfig::Format::kProto;
  world.build();
  world.stage->consume(world.spans(3));
  world.stage->flush(world.clock.now());
  const std::string message = trace_request(3);
  const auto size = static_cast<uint32_t>(message.size());
  const std::string length = {static_cast<char>(size >> 24), static_cast<char>(size >> 16),
                              static_cast<char>(size >> 8), static_cast<char>(size)};
  CHECK(world.directory.read("out.json") == length + message);
}

TEST_CASE("file: zstd of each message") {
  FileWorld world;
  world.config.compression = "zstd";
  world.build();
  world.stage->consume(world.spans(3));
  world.stage->flush(world.clock.now());
  const std::string all = world.directory.read("out.json");
  REQUIRE(all.size() > 4);
  const net::Decoded line = net::decompress(net::Codec::kZstd, all.substr(4), 1 << 20, world.budget);
  REQUIRE(line.error == net::DecodeError::kNone);
  CHECK(spans_of_line(std::string(line.bytes->view())) == "span0 span1 span2 ");
}

TEST_CASE("file: a full file becomes a backup, the newest backups stay") {
  FileWorld world;
  world.config.rotation = FileRotationConfig{.max_megabytes = 1, .max_backups = 2};
  world.build();
  uint64_t sent = 0;
  while (sent < 40'000) {  // some 300 bytes a span: 12 files
    world.stage->consume(world.spans(500));
    sent += 500;
    world.tick(std::chrono::seconds(1));
  }
  std::set<std::string> names;
  for (const fs::directory_entry& entry : fs::directory_iterator(world.directory.path)) {
    names.insert(entry.path().filename().string());
    CHECK(entry.file_size() <= 1 << 20);
  }
  CHECK(names.size() == 3);
  CHECK(names.count("out.json") == 1);
  for (const std::string& name : names) CHECK((name == "out.json" || name.starts_with("out-2023-11-1")));
  CHECK(world.settled(Outcome::kExported) == sent);
}

TEST_CASE("file: a write that fails drops the batch with its reason and leaves no half line") {
  FileWorld world;
  world.config.path = "/dev/full";
  world.build();
  world.stage->consume(world.spans(2));
  world.stage->flush(world.clock.now());
  CHECK(world.dropped(DropReason::kRefused) == 2);
  CHECK(world.log.has(
      "error Exporting failed. Dropping data. error=write /dev/full: No space left on device dropped_items=2"));
  world.check_accounts(0);
}

TEST_CASE("file: exporters of the same path share the file") {
  FileWorld world;
  world.build();
  const auto other = make_file(world.config, world.env())->make_stage(world.shards.at(0));
  world.stage->consume(world.spans(1, nullptr, "a"));
  other->consume(world.spans(1, nullptr, "b"));
  world.stage->flush(world.clock.now());
  other->flush(world.clock.now());
  const std::string all = world.directory.read("out.json");
  CHECK(all.find("a0") != std::string::npos);
  CHECK(all.find("b0") > all.find("a0"));
}

TEST_CASE("file: a directory is made where the config asks, else the start fails with the reason") {
  FileWorld world;
  world.config.path = (world.directory.path / "new" / "deep" / "out.json").string();
  CHECK_THROWS_WITH(world.build(),
                    "exporters::" + world.env().id + ": open " + world.config.path + ": No such file or directory");
  world.config.create_directory = true;
  world.build();
  CHECK(fs::exists(world.config.path));
}

}  // namespace weir::test
