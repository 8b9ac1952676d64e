// SPDX-License-Identifier: Apache-2.0
#include "exporters/file/config.h"

#include <algorithm>

namespace weir {

namespace {

bool is_octal(const std::string& text) {
  return !text.empty() && text.size() <= 4 &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '7'; });
}

// `group_by: {enabled: false}` says nothing; more than that comes later.
config::Field<FileConfig> group_by_field() {
  return config::custom<FileConfig>(
      "group_by", "map",
      [](const config::At& at, FileConfig&) {
        const config::Value* enabled = at.value.find("enabled");
        if (at.value.is_null() || enabled == nullptr) return;
        bool on = false;
        if (!config::decode_scalar({*enabled, at.path + "::enabled", at.problems}, on) || !on) return;
        at.error("group_by is not supported by this version of weir");
      },
      "one file for each value of a resource attribute: not supported");
}

}  // namespace

const config::Fields<FileRotationConfig>& FileRotationConfig::fields() {
  using T = FileRotationConfig;
  static const config::Fields<T> kFields = {
      config::field("max_megabytes", &T::max_megabytes, "a file is rotated before it grows beyond this"),
      config::field("max_days", &T::max_days, "backups older than this are deleted; 0 = never"),
      config::field("max_backups", &T::max_backups, "backups that are kept; 0 = all"),
      config::field("localtime", &T::localtime, "local time in the names of backups, else UTC"),
  };
  return kFields;
}

const config::Fields<FileConfig>& FileConfig::fields() {
  using T = FileConfig;
  static const config::Fields<T> kFields = {
      config::field("path", &T::path, "the file"),
      config::choice("format", &T::format, {{"json", T::Format::kJson}, {"proto", T::Format::kProto}},
                     "OTLP JSON lines, or protobuf messages with their length before them"),
      config::field("compression", &T::compression, "zstd: each message by itself, with its length before it"),
      config::field("rotation", &T::rotation, "when a new file is begun"),
      config::field("append", &T::append, "go on in a file that is there"),
      config::field("create_directory", &T::create_directory, "make the directory of the file"),
      config::field("directory_permissions", &T::directory_permissions, "of a directory that is made, octal"),
      config::field("flush_interval", &T::flush_interval, "data is written at the latest after this time"),
      group_by_field(),
      config::unsupported<T>("compression_params"),
      config::unsupported<T>("encoding"),
  };
  return kFields;
}

void FileConfig::validate(const config::Value& at, const std::string& path_to, config::Problems& problems) const {
  const auto fail = [&](std::string_view key, const std::string& text) {
    const config::Value* value = at.find(key);
    problems.error(value == nullptr ? at.place : value->place, path_to, text);
  };
  if (path.empty()) fail("path", "path must be non-empty");
  if (!compression.empty() && compression != "zstd")
    fail("compression", "compression is not supported (expected zstd)");
  if (append && rotation) fail("append", "append and rotation enabled at the same time is not supported");
  if (flush_interval < Duration{0}) fail("flush_interval", "flush_interval must be larger than zero");
  if (!create_directory && at.find("directory_permissions") != nullptr && !directory_permissions.empty())
    fail("directory_permissions", "directory_permissions requires create_directory to be true");
  if (!is_octal(directory_permissions))
    fail("directory_permissions", "directory_permissions value must be a valid octal number");
  if (rotation && (rotation->max_megabytes < 0 || rotation->max_days < 0 || rotation->max_backups < 0)) {
    fail("rotation", "the limits of rotation must not be negative");
  }
}

}  // namespace weir
