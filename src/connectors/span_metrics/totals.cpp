// SPDX-License-Identifier: Apache-2.0
#include "connectors/span_metrics/totals.h"

#include <algorithm>

namespace weir::span_metrics {
namespace {

constexpr size_t kResourcePart = 4;                // bytes of a shard's key that say which of its resources
constexpr std::string_view kOverflowKey = "\xff";  // as in the shards

size_t cost_of_key(size_t size) { return sizeof(SeriesTotal) + 128 + 2 * size; }

std::string overflow_attributes() {
  otlp::AttributeList out;
  out.add_bool("otel.metric.overflow", true);
  return out.take();
}

}  // namespace

// The overflow series is small enough not to be paid for.
uint64_t Totals::cost_of(const SeriesTotal& series) { return series.overflow ? 0 : cost_of_key(series.key.size()); }

uint64_t TimestampCache::exchange(std::string key, uint64_t now, uint64_t otherwise) {
  const auto known = by_key_.find(key);
  if (known != by_key_.end()) {
    order_.splice(order_.begin(), order_, known->second);
    return std::exchange(known->second->second, now);
  }
  order_.emplace_front(key, now);
  by_key_.emplace(std::move(key), order_.begin());
  if (order_.size() > size_) {
    by_key_.erase(order_.back().first);
    order_.pop_back();
  }
  return otherwise;
}

Totals::Totals(std::shared_ptr<const Plan> plan, const ComponentEnv& env)
    : plan_(std::move(plan)),
      env_(env),
      delta_(plan_->config.delta()),
      by_key_(0, TextHash{env.seed}),
      timestamps_(static_cast<size_t>(plan_->config.timestamp_cache_size())),
      paid_(Reservation::take(*env.budget, 0)) {}

void Totals::absorb(std::vector<SpanDelta> deltas) {
  note_resources(deltas);
  std::vector<Piece> pieces;
  for (SpanDelta& delta : deltas) {
    for (size_t f = 0; f < delta.families.size(); ++f) {
      delta.families[f].sort_exemplars();
      for (uint32_t s = 0; s < delta.families[f].records.size(); ++s) {
        pieces.push_back({&delta, f, s, delta.families[f].records[s].first});
      }
    }
  }
  std::stable_sort(pieces.begin(), pieces.end(), [](const Piece& a, const Piece& b) { return a.first < b.first; });
  for (const Piece& piece : pieces) add(piece);
  trim_exemplars();
  mark_leaving();
}

// Resources are made in the order of their first spans, so that the first one's attributes stay.
void Totals::note_resources(const std::vector<SpanDelta>& deltas) {
  std::vector<const ResourceRecord*> records;
  for (const SpanDelta& delta : deltas) {
    for (const ResourceRecord& r : delta.resources) records.push_back(&r);
  }
  std::stable_sort(records.begin(), records.end(), [](const auto* a, const auto* b) { return a->first < b->first; });
  for (const ResourceRecord* record : records) {
    ResourceTotal* total = find_resource(*record);
    total->last = std::max(total->last, record->last);
    total->last_seen = std::max(total->last_seen, record->last_seen);
  }
}

ResourceTotal* Totals::find_resource(const ResourceRecord& record) {
  ResourceTotal*& known = by_key_[record.key];
  if (known != nullptr) return known;
  auto total = empty_resource();
  total->key = record.key;
  total->attributes = record.attributes;
  known = total.get();
  resources_.push_back(std::move(total));
  return known;
}

std::unique_ptr<ResourceTotal> Totals::empty_resource() const {
  auto total = std::make_unique<ResourceTotal>();
  for (size_t i = 0; i < plan_->families.size(); ++i)
    total->families.push_back({{}, TextMap<SeriesTotal*>(0, TextHash{env_.seed}), 0});
  return total;
}

void Totals::add(const Piece& piece) {
  const SeriesTable& table = piece.delta->families[piece.family];
  const SeriesRecord& record = table.records[piece.series];
  const ResourceRecord& resource = piece.delta->resources[record.resource];
  SeriesTotal& total = find_series(*find_resource(resource), piece);
  total.count += record.count;
  total.sum_ns += record.sum_ns;
  total.last_seen = std::max(total.last_seen, resource.last_seen);
  if (total.exponential) total.exponential->merge(table.exponential[piece.series]);
  const size_t stride = total.buckets.size();
  for (size_t i = 0; i < stride; ++i) total.buckets[i] += table.buckets[piece.series * stride + i];
  if (total.overflow || record.exemplars == 0) return;
  for (const ExemplarRecord& e : table.exemplars_of(piece.series)) total.exemplars.push_back(e);
}

// The series of that key; beyond the cardinality limit, or without memory, the resource's overflow series.
SeriesTotal& Totals::find_series(ResourceTotal& resource, const Piece& piece) {
  FamilyTotal& family = resource.families[piece.family];
  std::string_view key = piece.delta->families[piece.family].key(piece.series).substr(kResourcePart);
  const auto known = family.by_key.find(key);
  if (known != family.by_key.end()) return *known->second;
  const int64_t limit = plan_->config.aggregation_cardinality_limit;
  const bool full = limit > 0 && family.regular >= limit;
  if (key != kOverflowKey && (full || !paid_.grow(cost_of_key(key.size())))) {
    key = kOverflowKey;
    const auto overflow = family.by_key.find(key);
    if (overflow != family.by_key.end()) return *overflow->second;
  }
  return new_series(family, key, piece);
}

SeriesTotal& Totals::new_series(FamilyTotal& family, std::string_view key, const Piece& piece) {
  const SeriesTable& table = piece.delta->families[piece.family];
  std::unique_ptr<SeriesTotal> total = empty_series(piece.family);
  total->key = key;
  total->overflow = key == kOverflowKey;
  total->attributes = total->overflow ? overflow_attributes() : std::string(table.attributes(piece.series));
  total->start_ns = piece.delta->resources[table.records[piece.series].resource].first_wall_ns;
  return family.add(std::move(total));
}

std::unique_ptr<SeriesTotal> Totals::empty_series(size_t family) const {
  auto total = std::make_unique<SeriesTotal>();
  if (!plan_->families[family].durations) return total;
  if (plan_->exponential_size > 0) {
    total->exponential.emplace(plan_->exponential_size);
  } else {
    total->buckets.assign(plan_->buckets.size(), 0);
  }
  return total;
}

SeriesTotal& FamilyTotal::add(std::unique_ptr<SeriesTotal> total) {
  if (!total->overflow) ++regular;
  by_key.emplace(total->key, total.get());
  series.push_back(std::move(total));
  return *series.back();
}

// The first of all shards stay, in the order in which they were received.
void Totals::trim_exemplars() {
  if (!plan_->config.exemplars.enabled) return;
  const auto most = static_cast<size_t>(std::max<int64_t>(0, plan_->config.exemplars.max_per_data_point));
  for (auto& resource : resources_) {
    for (FamilyTotal& family : resource->families) {
      for (auto& series : family.series) {
        auto& e = series->exemplars;
        std::stable_sort(e.begin(), e.end(), [](const auto& a, const auto& b) { return a.at < b.at; });
        if (e.size() > most) e.resize(most);
      }
    }
  }
}

// Beyond the cache's size the resources that were seen longest ago leave with this flush.
void Totals::mark_leaving() {
  const auto most = static_cast<size_t>(plan_->config.resource_cache_size());
  if (delta_ || resources_.size() <= most) return;
  std::vector<ResourceTotal*> by_age;
  for (auto& r : resources_) by_age.push_back(r.get());
  std::sort(by_age.begin(), by_age.end(), [](const auto* a, const auto* b) { return a->last < b->last; });
  for (size_t i = 0; i < by_age.size() - most; ++i) by_age[i]->leaving = true;
}

// --- expiry

bool Totals::settled(const ResourceTotal& resource) const {
  for (const FamilyTotal& family : resource.families) {
    for (const auto& series : family.series) {
      if (series->stage != Stage::kValueSent) return false;
    }
  }
  return true;
}

void Totals::expire(Duration now) {
  if (delta_) {
    by_key_.clear();
    resources_.clear();
    paid_ = Reservation::take(*env_.budget, 0);
    return;
  }
  drop_resources(now);
  if (plan_->config.series_expiration == Duration::zero()) return;
  for (auto& resource : resources_) drop_series(*resource, now);
}

// What has not been sent with its value yet stays until it was.
void Totals::drop_resources(Duration now) {
  const Duration after = plan_->config.metrics_expiration;
  std::erase_if(resources_, [&](const std::unique_ptr<ResourceTotal>& r) {
    const bool idle = after > Duration::zero() && now - r->last_seen >= after && settled(*r);
    if (!idle && !r->leaving) return false;
    uint64_t bytes = 0;
    for (const FamilyTotal& family : r->families) {
      for (const auto& series : family.series) bytes += cost_of(*series);
    }
    paid_.shrink_to(paid_.bytes() - bytes);
    by_key_.erase(r->key);
    return true;
  });
}

void Totals::drop_series(ResourceTotal& resource, Duration now) {
  for (FamilyTotal& family : resource.families) {
    std::erase_if(family.series, [&](const std::unique_ptr<SeriesTotal>& s) {
      if (s->stage != Stage::kValueSent || now - s->last_seen < plan_->config.series_expiration) return false;
      paid_.shrink_to(paid_.bytes() - cost_of(*s));
      if (!s->overflow) --family.regular;
      family.by_key.erase(s->key);
      return true;
    });
  }
}

}  // namespace weir::span_metrics
