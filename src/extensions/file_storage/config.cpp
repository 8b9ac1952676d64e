// SPDX-License-Identifier: Apache-2.0
#include "extensions/file_storage/config.h"

#include <charconv>

#include "config/service_config.h"

namespace weir {

namespace {

using config::field;
using T = FileStorageConfig;

// The keys of `compaction`, for their types: the journal frees its segments by itself.
struct Compaction {
  bool on_start = false, on_rebound = false, cleanup_on_start = false;
  std::string directory;
  int64_t needed_mib = 0, trigger_mib = 0, max_transaction_size = 0;
  Duration check_interval{0};

  static const config::Fields<Compaction>& fields() {
    using C = Compaction;
    static const config::Fields<C> kFields = {
        field("on_start", &C::on_start, "does nothing"),
        field("on_rebound", &C::on_rebound, "does nothing"),
        field("cleanup_on_start", &C::cleanup_on_start, "does nothing"),
        field("directory", &C::directory, "does nothing"),
        field("rebound_needed_threshold_mib", &C::needed_mib, "does nothing"),
        field("rebound_trigger_threshold_mib", &C::trigger_mib, "does nothing"),
        field("max_transaction_size", &C::max_transaction_size, "does nothing"),
        field("check_interval", &C::check_interval, "does nothing"),
    };
    return kFields;
  }
};

void decode_compaction(const config::At& at, T&) {
  if (at.value.is_null()) return;
  Compaction ignored;
  config::decode(at, ignored);
  at.warn("does nothing: the journal frees its space by itself");
}

void decode_timeout(const config::At& at, T&) {
  Duration ignored{0};
  if (at.value.is_null() || !config::decode_scalar(at, ignored)) return;
  at.warn("does nothing: a directory that another process uses is refused at once");
}

void decode_recreate(const config::At& at, T&) {
  bool recreate = false;
  if (at.value.is_null() || !config::decode_scalar(at, recreate) || !recreate) return;
  at.warn("does nothing: damaged records never stop the start, they are stepped over and counted");
}

void decode_fsync(const config::At& at, T& out) {
  if (at.value.is_null() || !config::decode_scalar(at, out.fsync)) return;
  out.fsync_written = true;
}

// Octal, as a string in the collector ("0750"). YAML reads an unquoted 0750 as a number: its text is what was meant.
void decode_permissions(const config::At& at, T& out) {
  if (at.value.is_null() || at.value.broken) return;
  std::string_view text = at.value.text;
  if (text.starts_with("0o")) text.remove_prefix(2);
  uint32_t bits = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), bits, 8);
  if (at.value.is_list() || at.value.is_map() || error != std::errc() || end != text.data() + text.size())
    return at.error("directory_permissions value must be a valid octal representation");
  if ((bits & 0777) != bits) return at.error("directory_permissions contain invalid bits for file access");
  out.permissions = bits;
}

void decode_max_size(const config::At& at, T& out) {
  if (!at.value.is_null()) config::decode_size(at, out.max_size);
}

}  // namespace

const config::Fields<T>& T::fields() {
  static const config::Fields<T> kFields = {
      field("directory", &T::directory, "where the journal is"),
      field("create_directory", &T::create_directory, "make the directory where it is missing"),
      config::custom<T>("directory_permissions", "octal", decode_permissions, "of a directory that is made"),
      config::custom<T>("fsync", "bool", decode_fsync,
                        "false: an ack waits for the write only; unwritten: for the disk"),
      config::custom<T>("max_size", "size", decode_max_size,
                        "of the journal; unset: 80 % of what is free at the start"),
      config::custom<T>("timeout", "duration", decode_timeout, "accepted, does nothing"),
      config::custom<T>("recreate", "bool", decode_recreate, "accepted, does nothing"),
      config::custom<T>("compaction", "map", decode_compaction, "accepted, does nothing"),
  };
  return kFields;
}

void T::validate(const config::Value& at, const std::string& path, config::Problems& problems) const {
  if (directory.empty()) problems.error(at.place, path, "`directory` must not be empty");
}

}  // namespace weir
