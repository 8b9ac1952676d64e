// SPDX-License-Identifier: Apache-2.0
// What of the series outlives the process.
#include <memory>

#include "connectors/moments.h"
#include "connectors/span_metrics/totals.h"

namespace weir::span_metrics {
namespace {

void save_exemplar(std::string& out, const ExemplarRecord& e) {
  out += e.trace_id.bytes();
  out += e.span_id.bytes();
  put_varint(out, e.duration_ns);
  put_varint(out, e.at.sequence);
  put_varint(out, e.at.offset);
}

ExemplarRecord take_exemplar(ByteReader& in) {
  ExemplarRecord e;
  e.trace_id = TraceId::from_bytes(in.bytes(16));
  e.span_id = SpanId::from_bytes(in.bytes(8));
  e.duration_ns = in.varint();
  e.at.sequence = in.varint();
  e.at.offset = in.varint32();
  return e;
}

}  // namespace

// The least recently flushed first, so that taking them in again gives the same order.
void TimestampCache::save(std::string& out) const {
  put_varint(out, order_.size());
  for (auto entry = order_.rbegin(); entry != order_.rend(); ++entry) {
    put_text(out, entry->first);
    put_varint(out, entry->second);
  }
}

bool TimestampCache::load(ByteReader& in) {
  for (uint64_t count = in.count(); count > 0 && in.ok(); --count) {
    std::string key(in.text());
    exchange(std::move(key), in.varint(), 0);
  }
  return in.ok();
}

Stage Totals::saved_stage(const SeriesTotal& series, bool leaving, bool sending) const {
  return sending && pick(series, leaving, Pass{0, false, false}) == Pick::kValue ? Stage::kValueSent : series.stage;
}

void Totals::save(std::string& out, Time now, bool sending) const {
  put_varint(out, resources_.size());
  for (const auto& resource : resources_) {
    put_text(out, resource->key);
    put_text(out, resource->attributes);
    put_varint(out, resource->last.sequence);
    put_varint(out, resource->last.offset);
    put_moment(out, resource->last_seen, now);
    for (const FamilyTotal& family : resource->families) {
      put_varint(out, family.series.size());
      for (const auto& series : family.series) {
        save_series(out, *series, saved_stage(*series, resource->leaving, sending), now);
      }
    }
  }
  timestamps_.save(out);
}

void Totals::save_series(std::string& out, const SeriesTotal& series, Stage stage, Time now) const {
  put_text(out, series.key);
  put_text(out, series.attributes);
  out += {static_cast<char>(stage), static_cast<char>(series.overflow)};
  put_moment(out, series.last_seen, now);
  put_fixed(out, series.start_ns);
  put_varint(out, series.count);
  put_uint128(out, series.sum_ns);
  for (uint64_t bucket : series.buckets) put_varint(out, bucket);
  if (series.exponential) series.exponential->save(out);
  put_varint(out, series.exemplars.size());
  for (const ExemplarRecord& e : series.exemplars) save_exemplar(out, e);
}

bool Totals::load(ByteReader& in, Time now) {
  for (uint64_t count = in.count(); count > 0; --count) {
    if (!load_resource(in, now)) break;
  }
  TimestampCache timestamps(static_cast<size_t>(plan_->config.timestamp_cache_size()));
  if (!timestamps.load(in) || !in.at_end()) {
    by_key_.clear();
    resources_.clear();
    return false;
  }
  timestamps_ = std::move(timestamps);
  uint64_t bytes = 0;
  for (const auto& resource : resources_) {
    for (const FamilyTotal& family : resource->families) {
      for (const auto& series : family.series) bytes += cost_of(*series);
    }
  }
  paid_ = Reservation::take(*env_.budget, bytes);
  return true;
}

bool Totals::load_resource(ByteReader& in, Time now) {
  std::unique_ptr<ResourceTotal> resource = empty_resource();
  resource->key = in.text();
  resource->attributes = in.text();
  resource->last.sequence = in.varint();
  resource->last.offset = in.varint32();
  resource->last_seen = take_moment(in, now, now.mono);
  for (size_t f = 0; f < resource->families.size(); ++f) {
    FamilyTotal& family = resource->families[f];
    for (uint64_t count = in.count(); count > 0; --count) {
      std::unique_ptr<SeriesTotal> series = load_series(in, f, now);
      if (!in.ok() || family.by_key.contains(series->key)) in.fail();
      if (!in.ok()) return false;
      family.add(std::move(series));
    }
  }
  if (!by_key_.emplace(resource->key, resource.get()).second) in.fail();
  if (in.ok()) resources_.push_back(std::move(resource));
  return in.ok();
}

std::unique_ptr<SeriesTotal> Totals::load_series(ByteReader& in, size_t family, Time now) const {
  std::unique_ptr<SeriesTotal> series = empty_series(family);
  series->key = in.text();
  series->attributes = in.text();
  const auto stage = in.fixed<uint8_t>();
  if (stage > static_cast<uint8_t>(Stage::kValueSent)) in.fail();
  series->stage = static_cast<Stage>(stage);
  series->overflow = in.fixed<uint8_t>() != 0;
  series->last_seen = take_moment(in, now, now.mono);
  series->start_ns = in.fixed<uint64_t>();
  series->count = in.varint();
  series->sum_ns = take_uint128(in);
  for (uint64_t& bucket : series->buckets) bucket = in.varint();
  if (series->exponential && !series->exponential->load(in)) in.fail();
  for (uint64_t count = in.count(); count > 0 && in.ok(); --count) series->exemplars.push_back(take_exemplar(in));
  return series;
}

}  // namespace weir::span_metrics
