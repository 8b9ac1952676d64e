// SPDX-License-Identifier: Apache-2.0
#include "otlp/metric_split.h"

#include "otlp/fields.h"
#include "otlp/schema.h"
#include "otlp/wire.h"
#include "otlp/writer.h"

namespace weir::otlp {
namespace {

bool holds_points(const FieldCursor& field) {
  const schema::Field* known = schema::kMetric.find(field.number());
  return known != nullptr && known->presence == schema::Presence::kOneof && field.type() == WireType::kBytes;
}

// Which of the metric's data fields counts: the last one set.
uint32_t data_field_of(std::string_view metric) {
  uint32_t number = 0;
  FieldCursor cursor(metric);
  while (cursor.next()) {
    if (holds_points(cursor)) number = cursor.number();
  }
  return number;
}

}  // namespace

SplitMetric split_metric(std::string_view metric, uint32_t points) {
  MessageWriter front;
  MessageWriter back;
  const uint32_t data_field = data_field_of(metric);
  uint32_t seen = 0;
  FieldCursor cursor(metric);
  while (cursor.next()) {
    if (!holds_points(cursor)) {
      front.raw(cursor.raw());
      back.raw(cursor.raw());
      continue;
    }
    if (cursor.number() != data_field) continue;  // overridden by a later kind of data
    front.begin(data_field);
    back.begin(data_field);
    FieldCursor data(cursor.bytes());
    while (data.next()) {
      const bool point = data.is(field::metric_data::kDataPoints, WireType::kBytes);
      if (!point || seen < points) front.raw(data.raw());
      if (!point || seen >= points) back.raw(data.raw());
      seen += point;
    }
    front.end();
    back.end();
  }
  return {front.take(), back.take()};
}

}  // namespace weir::otlp
