// SPDX-License-Identifier: Apache-2.0
#include "config/storage.h"

#include "fake_catalog.h"
#include "support/catch.h"

namespace weir::config {
namespace {

using fake::kSound;
using fake::load_text;
using fake::replaced;
using Strings = std::vector<std::string>;

// kSound with an extension, and `service` put before its pipelines.
fake::Outcome with_service(const std::string& extensions, const std::string& service) {
  return load_text(replaced(kSound, "service:\n", "extensions: {" + extensions + "}\nservice:\n" + service));
}

TEST_CASE("service.journal names a started file_storage extension") {
  auto got = with_service("file_storage/j: {directory: /d}",
                          "  extensions: [file_storage/j]\n  journal: {storage: file_storage/j, ack: buffered}\n");
  CHECK(got.errors == Strings{});
  REQUIRE(got.config.journal);
  CHECK(got.config.journal->storage.to_string() == "file_storage/j");
  CHECK(got.config.journal->ack == Ack::kBuffered);
  CHECK(got.config.journal->storage_place.to_string() == "c.yaml:14:22");
  got = with_service("file_storage: ", "  extensions: [file_storage]\n  journal: {storage: file_storage}\n");
  CHECK(got.errors == Strings{});
  CHECK_FALSE(got.config.journal->ack);
  CHECK_FALSE(load_text(kSound).config.journal);
}

TEST_CASE("a journal without a place on disk is refused") {
  for (const char* journal : {"", " {}", " {ack: durable}", " {storage: }"}) {
    auto got = with_service("file_storage: ", "  journal:" + std::string(journal) + "\n");
    INFO(journal);
    REQUIRE(got.errors.size() == 1);
    CHECK(got.errors[0].find("service::journal: requires `storage`, the id of a file_storage extension") !=
          std::string::npos);
  }
  CHECK(with_service("file_storage: ", "  journal: here\n").errors.size() == 1);
  CHECK(with_service("file_storage: ", "  journal: {storage: \"a b/\"}\n").errors.size() == 1);
}

TEST_CASE("what a journal names must be there, be a storage, and be started") {
  auto got = with_service("file_storage: ", "  extensions: [file_storage]\n  journal: {storage: file_storag}\n");
  CHECK(got.errors == Strings{"c.yaml:14:22: service::journal::storage: references extension \"file_storag\" which is "
                              "not configured; did you mean \"file_storage\"?"});
  got = with_service("health_check: ", "  extensions: [health_check]\n  journal: {storage: health_check}\n");
  CHECK(got.errors == Strings{"c.yaml:14:22: service::journal::storage: requested extension is not a storage "
                              "extension: \"health_check\", expected one of type file_storage"});
  got = with_service("file_storage: ", "  journal: {storage: file_storage}\n");
  CHECK(got.errors == Strings{"c.yaml:13:22: service::journal::storage: no storage client extension found: "
                              "\"file_storage\" is not started; add it to service::extensions"});
}

TEST_CASE("a queue's storage is checked where the exporter is used and its queue is on") {
  const std::string text = replaced(kSound, "exporters:\n", "exporters:\n  debug: {sending_queue: {storage: x}}\n");
  CHECK(load_text(text).errors.size() == 1);  // the fake's body knows no queue
  const std::string used = replaced(text, "exporters: [otlp_grpc]", "exporters: [otlp_grpc, debug]");
  auto got = load_text(used);
  REQUIRE(got.errors.size() == 2);
  CHECK(got.errors[1].find("exporters::debug::sending_queue::storage: references extension \"x\" which is not "
                           "configured; add `extensions: {x: {directory: …}}`") != std::string::npos);
  got = load_text(replaced(used, "{storage: x}", "{enabled: false, storage: x}"));
  CHECK(got.errors.size() == 1);
}

}  // namespace
}  // namespace weir::config
