// SPDX-License-Identifier: Apache-2.0
#include "exporters/queue_config.h"

#include <algorithm>
#include <cctype>
#include <set>

namespace weir {

namespace {

std::vector<std::pair<std::string, std::optional<Sizer>>> sizer_words() {
  return {{"requests", Sizer::kRequests}, {"items", Sizer::kItems}, {"bytes", Sizer::kBytes}};
}

const config::Place& place_of(const config::Value& at, std::string_view key) {
  const config::Value* value = at.find(key);
  return value == nullptr ? at.place : value->place;
}

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

}  // namespace

const config::Fields<QueuePartitionConfig>& QueuePartitionConfig::fields() {
  using T = QueuePartitionConfig;
  static const config::Fields<T> kFields = {
      config::field("metadata_keys", &T::metadata_keys, "client metadata that batches are kept apart by"),
  };
  return kFields;
}

void QueuePartitionConfig::validate(const config::Value& at, const std::string& path,
                                    config::Problems& problems) const {
  std::set<std::string> seen;
  for (const std::string& key : metadata_keys) {
    if (!seen.insert(lower(key)).second) {
      problems.error(place_of(at, "metadata_keys"), path,
                     "duplicate entry in metadata_keys: \"" + lower(key) + "\" (case-insensitive)");
    }
  }
}

const config::Fields<QueueBatchConfig>& QueueBatchConfig::fields() {
  using T = QueueBatchConfig;
  static const config::Fields<T> kFields = {
      config::field("flush_timeout", &T::flush_timeout, "a batch below min_size leaves after this time"),
      config::field("min_size", &T::min_size, "a batch leaves when it is this big"),
      config::field("max_size", &T::max_size, "a batch is split at this size; 0 = never"),
      config::choice("sizer", &T::sizer, sizer_words(), "unit of the sizes: items or bytes"),
      config::field("partition", &T::partition, "what keeps batches apart"),
  };
  return kFields;
}

void QueueBatchConfig::validate(const config::Value& at, const std::string& path, config::Problems& problems) const {
  if (flush_timeout <= Duration{0})
    problems.error(place_of(at, "flush_timeout"), path, "`flush_timeout` must be positive");
  if (min_size < 0) problems.error(place_of(at, "min_size"), path, "`min_size` must be non-negative");
  if (max_size < 0) problems.error(place_of(at, "max_size"), path, "`max_size` must be non-negative");
  if (max_size > 0 && max_size < min_size) {
    problems.error(place_of(at, "max_size"), path,
                   "`max_size` (" + std::to_string(max_size) + ") must be greater or equal to `min_size` (" +
                       std::to_string(min_size) + ")");
  }
  if (sizer == Sizer::kRequests) {
    problems.error(place_of(at, "sizer"), path, "`batch` supports only `items` or `bytes` sizer");
  }
}

const config::Fields<QueueConfig>& QueueConfig::fields() {
  using T = QueueConfig;
  static const config::Fields<T> kFields = {
      config::field("enabled", &T::enabled, "false: the sender hears the destination's outcome"),
      config::field("num_consumers", &T::num_consumers, "export requests that may be under way at once"),
      config::field("queue_size", &T::queue_size, "room in units of the sizer; beyond it the stage before waits"),
      config::choice("sizer", &T::sizer, sizer_words(), "unit of queue_size: requests, items or bytes"),
      config::field("block_on_overflow", &T::block_on_overflow,
                    "accepted: a full queue always waits, it drops nothing"),
      config::field("wait_for_result", &T::wait_for_result, "the sender hears the destination's outcome"),
      config::field("storage", &T::storage, "id of a file_storage extension: what comes here is journaled"),
      config::field("batch", &T::batch, "merge and split requests before they are sent"),
  };
  return kFields;
}

void QueueConfig::validate(const config::Value& at, const std::string& path, config::Problems& problems) const {
  if (!enabled) return;
  if (num_consumers <= 0) problems.error(place_of(at, "num_consumers"), path, "`num_consumers` must be positive");
  if (queue_size <= 0) problems.error(place_of(at, "queue_size"), path, "`queue_size` must be positive");
  if (batch && batch_sizer() == queue_sizer() && batch->min_size > queue_size) {
    problems.error(place_of(at, "batch"), path, "`min_size` must be less than or equal to `queue_size`");
  }
}

Sizer QueueConfig::batch_sizer() const {
  const Sizer inherited = sizer.value_or(Sizer::kItems);
  const Sizer chosen = batch ? batch->sizer.value_or(inherited) : inherited;
  return chosen == Sizer::kRequests ? Sizer::kItems : chosen;
}

}  // namespace weir
