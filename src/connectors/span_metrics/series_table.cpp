// SPDX-License-Identifier: Apache-2.0
#include "connectors/span_metrics/series_table.h"

#include <algorithm>

namespace weir::span_metrics {

uint32_t SeriesTable::add(std::string_view key, uint64_t hash, std::string_view attributes, uint32_t resource,
                          Position first) {
  const auto series = static_cast<uint32_t>(records.size());
  SeriesRecord record;
  record.hash = hash;
  record.key_at = static_cast<uint32_t>(arena_.size());
  record.key_size = static_cast<uint32_t>(key.size());
  record.attributes_size = static_cast<uint32_t>(attributes.size());
  record.resource = resource;
  record.first = first;
  arena_.append(key).append(attributes);
  records.push_back(record);
  if (records.size() * 2 > index_.size()) {
    grow();
  } else {
    insert(series, hash);
  }
  return series;
}

void SeriesTable::insert(uint32_t series, uint64_t hash) {
  size_t at = hash & mask();
  while (index_[at].series != kNone) at = (at + 1) & mask();
  index_[at] = {series, tag_of(hash)};
}

void SeriesTable::grow() {
  index_.assign(std::max<size_t>(64, index_.size() * 2), Slot{});
  for (uint32_t i = 0; i < records.size(); ++i) insert(i, records[i].hash);
}

void SeriesTable::sort_exemplars() {
  std::stable_sort(exemplars.begin(), exemplars.end(),
                   [](const auto& a, const auto& b) { return a.series < b.series; });
}

std::span<const ExemplarRecord> SeriesTable::exemplars_of(uint32_t series) const {
  const auto [first, last] = std::equal_range(exemplars.begin(), exemplars.end(), ExemplarRecord{.series = series},
                                              [](const auto& a, const auto& b) { return a.series < b.series; });
  return {first, last};
}

}  // namespace weir::span_metrics
