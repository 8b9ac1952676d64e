// SPDX-License-Identifier: Apache-2.0
#include "connectors/span_metrics/observer.h"

#include <algorithm>
#include <cstring>

#include "connectors/entries.h"
#include "connectors/key_hash.h"
#include "otlp/attributes.h"
#include "otlp/fields.h"
#include "otlp/metrics_writer.h"

namespace weir::span_metrics {
namespace {

constexpr std::string_view kOverflowKey = "\xff";  // no other key has one byte
constexpr size_t kResourceCost = 512;              // a resource's strings and table entries, beside its bytes

void append_u32(std::string& out, uint32_t value) {
  char bytes[4];
  std::memcpy(bytes, &value, 4);
  out.append(bytes, 4);
}

// Puts the length of what was appended behind `at` into the four bytes that were left there.
void patch_length(std::string& out, size_t at) {
  const auto length = static_cast<uint32_t>(out.size() - at - 4);
  std::memcpy(out.data() + at, &length, 4);
}

}  // namespace

ShardCounts::ShardCounts(std::shared_ptr<const Plan> plan, const ComponentEnv& env)
    : plan_(std::move(plan)),
      env_(env),
      refused_series_(env.telemetry->counter("weir_connector_refused_series",
                                             "Series counted as overflow, or not at all, for want of memory",
                                             {{"connector", env.id}})),
      wants_entries_(!plan_->names.empty()),
      service_in_key_(!plan_->config.resource_metrics_key_attributes.empty() && !plan_->labels.service.empty()),
      now_(env.clock->now()),
      by_header_(0, TextHash{env.seed}),
      by_key_(0, TextHash{env.seed}) {
  delta_.families.resize(plan_->families.size());
  span_entries_.resize(plan_->names.size());
  event_entries_.resize(plan_->names.size());
}

SpanDelta ShardCounts::take() {
  SpanDelta out = std::move(delta_);
  delta_ = {};
  delta_.families.resize(plan_->families.size());
  sources_.clear();
  by_header_.clear();
  by_key_.clear();
  if (refused_ > 0) refused_series_.add(static_cast<double>(std::exchange(refused_, 0)));
  return out;
}

bool ShardCounts::pay(size_t bytes) {
  constexpr size_t kStep = 64 * 1024;  // the budget is asked once per so many bytes
  static_assert(kStep > kResourceCost);
  if (!delta_.paid) {
    delta_.paid = Reservation::take(*env_.budget, 0);
    unspent_ = 0;
  }
  if (unspent_ < bytes) {
    const size_t more = std::max(kStep, bytes);
    if (!delta_.paid.grow(more)) {
      ++refused_;
      return false;
    }
    unspent_ += more;
  }
  unspent_ -= bytes;
  return true;
}

// --- resources

uint32_t ShardCounts::source_of(const Batch& batch, uint32_t resource, Position at) {
  uint32_t& slot = slots_[resource];
  if (slot == kUnknown) slot = find_source(batch, resource, at);
  return slot;
}

uint32_t ShardCounts::find_source(const Batch& batch, uint32_t resource, Position at) {
  const ResourceEntry& entry = batch.resources[resource];
  std::string_view header = entry.range_count == 1 ? batch.view(entry.part, batch.ranges[entry.first_range]) : "";
  std::string joined;
  if (entry.range_count > 1) {
    for (uint32_t i = 0; i < entry.range_count; ++i)
      joined += batch.view(entry.part, batch.ranges[entry.first_range + i]);
    header = joined;
  }
  const auto known = by_header_.find(header);
  uint32_t slot = kLeftOut;
  if (known != by_header_.end()) {
    slot = known->second;
  } else {
    const std::optional<std::string_view> service = otlp::service_name(batch, resource);
    if (!pay(kResourceCost / 4 + 2 * header.size())) return kLeftOut;
    if (service) slot = add_source(batch, resource, *service, at);
    by_header_.emplace(header, slot);
  }
  if (slot != kLeftOut) {
    ResourceRecord& record = delta_.resources[sources_[slot].record];
    record.first = std::min(record.first, at);
    record.last = std::max(record.last, at);
    record.last_seen = now_.mono;
  }
  return slot;
}

uint32_t ShardCounts::add_source(const Batch& batch, uint32_t resource, std::string_view service, Position at) {
  const uint32_t record = record_of(batch, resource, at);
  if (record == kLeftOut) return kLeftOut;
  std::vector<std::string_view> entries(plan_->names.size());
  for_each_resource_entry(batch, resource, [&](std::string_view entry) {
    for (size_t i = 0; i < entries.size(); ++i) {
      if (entries[i].data() == nullptr && plan_->names[i] == key_of(entry)) entries[i] = entry;
    }
  });
  sources_.push_back({record, std::string(service), {entries.begin(), entries.end()}});
  return static_cast<uint32_t>(sources_.size() - 1);
}

// The attributes that tell resources apart, in an order of their own. Tempo's series know only the service.
std::string ShardCounts::resource_key(const Batch& batch, uint32_t resource) const {
  if (plan_->tempo()) return std::string(*otlp::service_name(batch, resource));
  const std::vector<std::string>& wanted = plan_->config.resource_metrics_key_attributes;
  std::vector<std::string_view> entries;
  for_each_resource_entry(batch, resource, [&](std::string_view entry) {
    if (wanted.empty() || std::find(wanted.begin(), wanted.end(), key_of(entry)) != wanted.end()) {
      entries.push_back(entry);
    }
  });
  std::sort(entries.begin(), entries.end());
  std::string key;
  for (std::string_view entry : entries) {
    append_u32(key, static_cast<uint32_t>(entry.size()));
    key += entry;
  }
  return key;
}

uint32_t ShardCounts::record_of(const Batch& batch, uint32_t resource, Position at) {
  std::string key = resource_key(batch, resource);
  const auto known = by_key_.find(key);
  if (known != by_key_.end()) return known->second;
  ResourceRecord record;
  otlp::AttributeList attributes;
  for_each_resource_entry(batch, resource, [&](std::string_view entry) {
    if (!plan_->tempo()) attributes.add_entry(entry);
  });
  record.attributes = attributes.take();
  if (!pay(kResourceCost + 3 * record.attributes.size())) return kLeftOut;
  record.first = record.last = at;
  record.first_wall_ns = now_.wall_ns();
  record.key = key;
  const auto slot = static_cast<uint32_t>(delta_.resources.size());
  by_key_.emplace(std::move(key), slot);
  delta_.resources.push_back(std::move(record));
  return slot;
}

// --- spans

void ShardCounts::observe(const Batch& batch) {
  slots_.assign(batch.resources.size(), kUnknown);
  uint32_t scope = UINT32_MAX;
  uint32_t source = kLeftOut;
  for (const SpanRecord& span : batch.spans) {
    if (span.scope != scope) {
      scope = span.scope;
      source = source_of(batch, batch.scopes[scope].resource, {batch.parts[span.part].sequence, span.body.offset});
    }
    if (source != kLeftOut) count_span(batch, span, sources_[source]);
  }
}

void ShardCounts::count_span(const Batch& batch, const SpanRecord& span, const Source& source) {
  current_ = {&batch, &span, &source, span.duration_ns(), {}, {batch.parts[span.part].sequence, span.body.offset}};
  if (span.has_trace_state && !plan_->tempo()) {
    current_.weight = adjusted_count(otlp::trace_state(batch, span), span.span_id, plan_->seed);
  }
  if (wants_entries_) find_span_entries();
  start_key();
  for (size_t i = 0; i < plan_->families.size(); ++i) {
    const Family& family = plan_->families[i];
    if (family.events) {
      if (span.has_events) count_events(family, delta_.families[i]);
    } else {
      count(family, delta_.families[i]);
    }
  }
}

void ShardCounts::find_span_entries() {
  std::fill(span_entries_.begin(), span_entries_.end(), std::string_view());
  const SpanRecord& span = *current_.span;
  if (span.attributes.length == 0) return;
  find_entries(otlp::attribute_bytes(*current_.batch, span), otlp::field::span::kAttributes, plan_->names,
               span_entries_);
}

void ShardCounts::count_events(const Family& family, SeriesTable& table) {
  otlp::for_each_event(*current_.batch, *current_.span, [&](const otlp::SpanEvent& event) {
    std::fill(event_entries_.begin(), event_entries_.end(), std::string_view());
    find_entries(event.message, otlp::field::event::kAttributes, plan_->names, event_entries_);
    count(family, table);
  });
}

// The part of the key that does not depend on the family: resource, kind, status, sampling, name, service.
void ShardCounts::start_key() {
  const SpanRecord& span = *current_.span;
  const bool method = plan_->config.enable_metrics_sampling_method && current_.weight.adjusted;
  key_.clear();
  append_u32(key_, current_.source->record);
  key_.push_back(plan_->labels.span_kind.empty() ? '\0' : static_cast<char>(span.kind));
  key_.push_back(plan_->labels.status_code.empty() ? '\0' : static_cast<char>(span.status));
  key_.push_back(method ? '\1' : '\0');
  const std::string_view name = plan_->labels.span_name.empty() ? "" : current_.batch->name(span);
  append_u32(key_, static_cast<uint32_t>(name.size()));
  key_.append(name);
  if (service_in_key_) {
    append_u32(key_, static_cast<uint32_t>(current_.source->service.size()));
    key_.append(current_.source->service);
  }
  key_start_ = key_.size();
}

// Values of the family's dimensions: the span's, else the event's, else the resource's, else the default. Texts tell
// series apart, not types: 200 and "200" are one series, as in the collector.
void ShardCounts::finish_key(const Family& family) {
  key_.resize(key_start_);
  resolved_.assign(family.dimensions.size(), {});
  const std::vector<std::string>& of_resource = current_.source->entries;
  for (size_t i = 0; i < family.dimensions.size(); ++i) {
    const Dimension& d = family.dimensions[i];
    std::string_view entry = span_entries_[d.name];
    if (family.events && entry.data() == nullptr) entry = event_entries_[d.name];
    if (entry.data() == nullptr) entry = of_resource[d.name];
    if (entry.empty()) entry = d.default_entry;
    resolved_[i] = entry;
    const size_t at = key_.size();
    append_u32(key_, UINT32_MAX);
    if (entry.empty()) continue;
    otlp::append_text(otlp::parse_attribute(entry).value, key_);
    patch_length(key_, at);
  }
}

void ShardCounts::count(const Family& family, SeriesTable& table) {
  finish_key(family);
  const uint64_t hash = hash_key(key_, plan_->seed);
  uint32_t series = table.find(key_, hash);
  if (series == SeriesTable::kNone) series = new_series(family, table, hash);
  SeriesRecord& record = table.records[series];
  const uint64_t times = current_.weight.count;
  record.count += times;
  if (family.durations) {
    record.sum_ns += Uint128{current_.duration_ns} * times;
    if (plan_->exponential_size > 0) {
      table.exponential[series].add(static_cast<double>(current_.duration_ns) / plan_->buckets.ns_per_unit(), times);
    } else {
      table.buckets[series * plan_->buckets.size() + plan_->buckets.find(current_.duration_ns)] += times;
    }
  }
  if (plan_->config.exemplars.enabled) add_exemplar(table, series);
}

void ShardCounts::add_exemplar(SeriesTable& table, uint32_t series) {
  SeriesRecord& record = table.records[series];
  if (record.overflow || current_.span->trace_id.empty()) return;
  if (record.exemplars >= plan_->config.exemplars.max_per_data_point) return;
  if (!pay(sizeof(ExemplarRecord))) return;
  ++record.exemplars;
  table.exemplars.push_back(
      {series, current_.span->trace_id, current_.span->span_id, current_.duration_ns, current_.at});
}

// --- new series

uint32_t ShardCounts::new_series(const Family& family, SeriesTable& table, uint64_t hash) {
  const std::string attributes = build_attributes(family);
  const size_t buckets = family.durations ? plan_->buckets.size() : 0;
  const size_t cost = SeriesTable::cost(key_.size(), attributes.size(), buckets);
  if (!table.has_room(cost) || !pay(cost)) return overflow_series(family, table);
  return add_record(family, table, hash, attributes);
}

// One series for all that there is no memory for; it is small enough not to be asked for.
uint32_t ShardCounts::overflow_series(const Family& family, SeriesTable& table) {
  key_.resize(4);  // the resource
  key_ += kOverflowKey;
  const uint64_t hash = hash_key(key_, plan_->seed);
  uint32_t series = table.find(key_, hash);
  if (series == SeriesTable::kNone) {
    series = add_record(family, table, hash, {});
    table.records[series].overflow = true;
  }
  start_key();  // the next family starts from it
  return series;
}

uint32_t ShardCounts::add_record(const Family& family, SeriesTable& table, uint64_t hash, std::string_view attributes) {
  const uint32_t series = table.add(key_, hash, attributes, current_.source->record, current_.at);
  if (!family.durations) return series;
  if (plan_->exponential_size > 0) {
    table.exponential.emplace_back(plan_->exponential_size);
  } else {
    table.buckets.resize(table.records.size() * plan_->buckets.size(), 0);
  }
  return series;
}

std::string ShardCounts::build_attributes(const Family& family) const {
  const Labels& labels = plan_->labels;
  const SpanRecord& span = *current_.span;
  otlp::AttributeList out;
  if (!labels.service.empty()) out.add(labels.service, current_.source->service);
  if (!labels.span_name.empty()) out.add(labels.span_name, current_.batch->name(span));
  if (!labels.span_kind.empty()) out.add(labels.span_kind, name_of_kind(span.kind));
  if (!labels.status_code.empty()) out.add(labels.status_code, name_of_status(span.status));
  if (!labels.instance_id.empty()) out.add(labels.instance_id, plan_->instance_id);
  if (plan_->config.enable_metrics_sampling_method) {
    out.add("sampling.method", current_.weight.adjusted ? "extrapolated" : "counted");
  }
  for (size_t i = 0; i < family.dimensions.size(); ++i) {
    if (!resolved_[i].empty()) out.add_entry(resolved_[i]);
  }
  const std::vector<std::string>& scopes = plan_->config.include_instrumentation_scope;
  if (scopes.empty()) return out.take();
  // Not part of the key, as in the collector: the first span of a series decides.
  const std::string_view scope = otlp::scope_name(*current_.batch, span.scope);
  if (scope.empty() || std::find(scopes.begin(), scopes.end(), scope) == scopes.end()) return out.take();
  out.add("span.instrumentation.scope.name", scope);
  const std::string_view version = otlp::scope_version(*current_.batch, span.scope);
  if (!version.empty()) out.add("span.instrumentation.scope.version", version);
  return out.take();
}

}  // namespace weir::span_metrics
