// SPDX-License-Identifier: Apache-2.0
#include "exporters/queue_batcher.h"

#include <algorithm>
#include <cctype>
#include <utility>

#include "exporters/queue_size.h"
#include "otlp/batch_ops.h"

namespace weir {

namespace {

std::vector<std::string> lower_all(std::vector<std::string> keys) {
  for (std::string& key : keys) {
    std::transform(key.begin(), key.end(), key.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  }
  return keys;
}

}  // namespace

QueueBatcher::QueueBatcher(const QueueBatchConfig& config, Sizer sizer, Emit emit)
    : config_(config), keys_(lower_all(config.partition.metadata_keys)), sizer_(sizer), emit_(std::move(emit)) {}

// For each key the number of its values and the values, so that no two sets of values look alike.
QueueBatcher::Key QueueBatcher::key_of(const Batch& batch) const {
  Key key;
  for (const std::string& name : keys_) {
    const size_t at = key.size();
    key.emplace_back();
    if (batch.context == nullptr) continue;
    for (const auto& [kept, value] : batch.context->metadata) {
      if (kept == name) key.push_back(value);
    }
    key[at] = std::to_string(key.size() - at - 1);
  }
  return key;
}

void QueueBatcher::add(QueueRequest request, Time now) {
  const Key key = key_of(*request.batch);
  const auto max = static_cast<uint64_t>(config_.max_size);
  while (max > 0) {
    const auto open = open_.find(key);
    const uint64_t used = open == open_.end() ? 0 : open->second.size;
    const uint64_t room = max - std::min(max, used);
    if (size_of(*request.batch, sizer_) <= room) break;
    const uint64_t fit = items_that_fit(*request.batch, sizer_, room);
    if (fit > 0 || used == 0) {
      Batch front = otlp::split_front(*request.batch, std::max<uint64_t>(fit, 1));
      add_to(key, {std::make_unique<Batch>(std::move(front)), nullptr, request.places}, now);
    }
    let_go(key);
    if (otlp::empty(*request.batch)) return;
  }
  add_to(key, std::move(request), now);
}

void QueueBatcher::add_to(const Key& key, QueueRequest request, Time now) {
  const auto [at, is_new] = open_.try_emplace(key);
  Open& open = at->second;
  if (is_new) open.since = now.mono;
  open.size += size_of(*request.batch, sizer_);
  if (is_new) open.request.batch = std::make_unique<Batch>();
  otlp::append(*open.request.batch, std::move(*request.batch));
  std::move(request.places.begin(), request.places.end(), std::back_inserter(open.request.places));
  if (open.size >= static_cast<uint64_t>(config_.min_size)) let_go(key);
}

void QueueBatcher::let_go(const Key& key) {
  const auto open = open_.find(key);
  if (open == open_.end()) return;
  emit_(std::move(open->second.request));
  open_.erase(open);
}

void QueueBatcher::on_tick(Time now) {
  for (auto at = open_.begin(); at != open_.end();) {
    const auto here = at++;
    if (now.mono - here->second.since >= config_.flush_timeout) let_go(Key(here->first));
  }
}

void QueueBatcher::flush() { give_up(emit_); }

void QueueBatcher::give_up(const Emit& to) {
  for (auto& [key, open] : open_) to(std::move(open.request));
  open_.clear();
}

}  // namespace weir
