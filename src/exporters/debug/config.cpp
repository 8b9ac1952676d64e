// SPDX-License-Identifier: Apache-2.0
#include "exporters/debug/config.h"

#include <algorithm>
#include <cctype>

namespace weir {

namespace {

using Verbosity = DebugConfig::Verbosity;

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

void decode_verbosity(const config::At& at, DebugConfig& out) {
  std::string word;
  if (at.value.is_null() || !config::decode_scalar(at, word)) return;
  const std::string low = lower(word);
  if (low == "basic") return void(out.verbosity = Verbosity::kBasic);
  if (low == "normal") return void(out.verbosity = Verbosity::kNormal);
  if (low == "detailed") return void(out.verbosity = Verbosity::kDetailed);
  at.error("verbosity level \"" + word + "\" is not supported (expected basic, normal or detailed)");
}

// Of the logging exporter, before 0.111.
void decode_loglevel(const config::At& at, DebugConfig& out) {
  std::string word;
  if (at.value.is_null() || !config::decode_scalar(at, word)) return;
  const std::string low = lower(word);
  if (low == "debug") {
    out.verbosity = Verbosity::kDetailed;
  } else if (low == "info") {
    out.verbosity = Verbosity::kNormal;
  } else if (low == "warn" || low == "error") {
    out.verbosity = Verbosity::kBasic;
  } else {
    return at.error("unrecognized level: \"" + word + "\" (expected debug, info, warn or error)");
  }
  at.warn("`loglevel` is old: use `verbosity`");
}

}  // namespace

const config::Fields<DebugConfig>& DebugConfig::fields() {
  using T = DebugConfig;
  static const config::Fields<T> kFields = {
      config::custom<T>("verbosity", "string", decode_verbosity, "basic, normal or detailed"),
      config::custom<T>("loglevel", "string", decode_loglevel, "the verbosity by its old name"),
      config::field("sampling_initial", &T::sampling_initial, "batches written in each second before thinning begins"),
      config::field("sampling_thereafter", &T::sampling_thereafter, "then every n-th; 0 = none"),
      config::field("use_internal_logger", &T::use_internal_logger, "write to standard error, beside the log"),
      config::field("output_paths", &T::output_paths, "stdout, stderr or files, without the internal logger"),
      config::field("sending_queue", &T::sending_queue, "a queue before it; none unless given"),
  };
  return kFields;
}

void DebugConfig::validate(const config::Value& at, const std::string& path, config::Problems& problems) const {
  const auto fail = [&](std::string_view key, const std::string& text) {
    const config::Value* value = at.find(key);
    problems.error(value == nullptr ? at.place : value->place, path, text);
  };
  if (sampling_initial < 0) fail("sampling_initial", "sampling_initial must not be negative");
  if (sampling_thereafter < 0) fail("sampling_thereafter", "sampling_thereafter must not be negative");
  if (use_internal_logger && at.find("output_paths") != nullptr) {
    fail("output_paths", "output_paths needs use_internal_logger: false");
  }
  if (!use_internal_logger && output_paths.empty()) fail("output_paths", "output_paths must not be empty");
}

}  // namespace weir
