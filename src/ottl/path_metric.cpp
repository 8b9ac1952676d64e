// SPDX-License-Identifier: Apache-2.0
#include <bit>

#include "otlp/fields.h"
#include "ottl/metric_edit.h"
#include "ottl/path_fields.h"

// Fields of metrics and data points.
namespace weir::ottl {

namespace {

namespace field = otlp::field;
using fields::get_text, fields::set_text;
using otlp::MetricType;
using otlp::WireType;

constexpr Level kItem = Level::kItem, kPart = Level::kPart;

// --- metric

Value get_type(Frame& frame) {
  // The collector numbers them None, Gauge, Sum, Histogram, ExponentialHistogram, Summary, as MetricType does.
  return Value::of_int(static_cast<int64_t>(metric_type(frame)));
}
bool has_temporality(MetricType type) {
  return type == MetricType::kSum || type == MetricType::kHistogram || type == MetricType::kExponentialHistogram;
}
Value get_temporality(Frame& frame) {
  const MetricType type = metric_type(frame);
  if (!has_temporality(type)) return {};
  return Value::of_int(static_cast<int64_t>(metric_facts(frame).temporality));
}
Value get_monotonic(Frame& frame) {
  if (metric_type(frame) != MetricType::kSum) return {};
  return Value::of_bool(metric_facts(frame).monotonic);
}
void change_data(Frame& frame, MetricType type, uint32_t number, uint64_t value) {
  MessageEdit data;
  data.start(metric_data(frame), 0);
  data.set_number(number, WireType::kVarint, value);
  if (!data.changed()) return;
  otlp::MessageWriter out;
  data.write(out);
  put_metric_data(frame, type, frame.arena().copy(out.take()));
}
void set_temporality(Frame& frame, const Value& value) {
  const MetricType type = metric_type(frame);
  if (!expect_type(frame, value, Type::kInt) || !has_temporality(type)) return;
  const auto temporality = static_cast<uint64_t>(static_cast<int32_t>(value.integer));
  if (metric_facts(frame).temporality == temporality) return;
  change_data(frame, type, field::metric_data::kAggregationTemporality, temporality);
}
void set_monotonic(Frame& frame, const Value& value) {
  if (!expect_type(frame, value, Type::kBool) || metric_type(frame) != MetricType::kSum) return;
  if (metric_facts(frame).monotonic == value.boolean) return;
  change_data(frame, MetricType::kSum, field::metric_data::kIsMonotonic, value.boolean ? 1 : 0);
}
Value get_metadata(Frame& frame) { return Value::of_map(frame.level(kItem).attributes()); }
void set_metadata(Frame& frame, const Value& value) {
  if (!expect_type(frame, value, Type::kMap)) return;
  frame.level(kItem).set_attributes(copy_of(value, frame.arena()).map);
}

Value get_data_points(Frame& frame) {
  if (metric_type(frame) == MetricType::kNone) return {};
  return Value::of_int(metric_facts(frame).points, Type::kMessages);
}

constexpr FieldPath kMetricFields[] = {
    {"name", get_text<kItem, field::metric::kName>, set_text<kItem, field::metric::kName>},
    {"description", get_text<kItem, field::metric::kDescription>, set_text<kItem, field::metric::kDescription>},
    {"unit", get_text<kItem, field::metric::kUnit>, set_text<kItem, field::metric::kUnit>},
    {"type", get_type, nullptr},
    {"data_points", get_data_points, nullptr},
    {"aggregation_temporality", get_temporality, set_temporality},
    {"is_monotonic", get_monotonic, set_monotonic},
    {"metadata", get_metadata, set_metadata, true},
};

// --- data point: field numbers depend on the metric's type

bool is_number(MetricType type) { return type == MetricType::kGauge || type == MetricType::kSum; }

struct PointNumbers {
  uint32_t start, time, flags, count, sum;
};
PointNumbers numbers_of(MetricType type) {
  if (type == MetricType::kExponentialHistogram) {
    return {field::exponential_point::kStartTime, field::exponential_point::kTime, field::exponential_point::kFlags,
            field::exponential_point::kCount, field::exponential_point::kSum};
  }
  if (type == MetricType::kHistogram) {
    return {field::histogram_point::kStartTime, field::histogram_point::kTime, field::histogram_point::kFlags,
            field::histogram_point::kCount, field::histogram_point::kSum};
  }
  if (type == MetricType::kSummary) {
    return {field::summary_point::kStartTime, field::summary_point::kTime, field::summary_point::kFlags,
            field::summary_point::kCount, field::summary_point::kSum};
  }
  return {field::number_point::kStartTime, field::number_point::kTime, field::number_point::kFlags, 0, 0};
}
MessageEdit& point(Frame& frame) { return frame.level(kPart).edit; }

template <uint32_t PointNumbers::*F, Type T = Type::kInt>
Value get_point(Frame& frame) {
  const uint32_t number = numbers_of(metric_type(frame)).*F;
  if (number == 0) return {};
  return Value::of_int(static_cast<int64_t>(point(frame).number(number).value_or(0)), T);
}
template <uint32_t PointNumbers::*F, WireType W, Type T = Type::kInt>
void set_point(Frame& frame, const Value& value) {
  const uint32_t number = numbers_of(metric_type(frame)).*F;
  if (!expect_type(frame, value, T) || number == 0) return;
  point(frame).set_number(number, W, static_cast<uint64_t>(value.integer));
}
void set_flags(Frame& frame, const Value& value) {
  if (!expect_type(frame, value, Type::kInt)) return;
  point(frame).set_number(numbers_of(metric_type(frame)).flags, WireType::kVarint,
                          static_cast<uint32_t>(value.integer));
}
Value get_sum(Frame& frame) {
  const uint32_t number = numbers_of(metric_type(frame)).sum;
  if (number == 0) return {};
  return Value::of_double(std::bit_cast<double>(point(frame).number(number).value_or(0)));
}
void set_sum(Frame& frame, const Value& value) {
  const uint32_t number = numbers_of(metric_type(frame)).sum;
  if (!expect_type(frame, value, Type::kDouble) || number == 0) return;
  point(frame).set_number(number, WireType::kFixed64, std::bit_cast<uint64_t>(value.real));
}
Value get_value_double(Frame& frame) {
  if (!is_number(metric_type(frame))) return {};
  return Value::of_double(std::bit_cast<double>(point(frame).number(field::number_point::kAsDouble).value_or(0)));
}
Value get_value_int(Frame& frame) {
  if (!is_number(metric_type(frame))) return {};
  return Value::of_int(static_cast<int64_t>(point(frame).number(field::number_point::kAsInt).value_or(0)));
}
void set_value_double(Frame& frame, const Value& value) {
  if (!expect_type(frame, value, Type::kDouble) || !is_number(metric_type(frame))) return;
  point(frame).clear(field::number_point::kAsInt);
  point(frame).put_number(field::number_point::kAsDouble, WireType::kFixed64, std::bit_cast<uint64_t>(value.real));
}
void set_value_int(Frame& frame, const Value& value) {
  if (!expect_type(frame, value, Type::kInt) || !is_number(metric_type(frame))) return;
  point(frame).clear(field::number_point::kAsDouble);
  point(frame).put_number(field::number_point::kAsInt, WireType::kFixed64, static_cast<uint64_t>(value.integer));
}

// --- lists of numbers, packed or not

enum class Element : uint8_t { kCount, kReal };

Value read_numbers(Frame& frame, const MessageEdit& edit, uint32_t field, WireType wire, Element element) {
  std::vector<Value> values;
  const auto add = [&values, element](uint64_t bits) {
    values.push_back(element == Element::kReal ? Value::of_double(std::bit_cast<double>(bits))
                                               : Value::of_int(static_cast<int64_t>(bits)));
  };
  const auto read = [&](std::string_view message) {
    otlp::FieldCursor cursor(message);
    while (cursor.next()) {
      if (cursor.number() == field) otlp::for_each_number(cursor, wire, add);
    }
  };
  if (!edit.changed(field)) {
    read(edit.original());
  } else if (const auto packed = edit.bytes(field)) {
    otlp::MessageWriter one;
    one.bytes(field, *packed);
    read(one.take());
  }
  return Value::of_list(make_list(values, frame.arena()));
}

// The payload of a packed field; false, and the frame failed, where an element is of another type.
bool packed(Frame& frame, const Value& value, WireType wire, Element element, std::string& out) {
  if (!expect_type(frame, value, Type::kList)) return false;
  for (const Value& one : value.list) {
    if (!expect_type(frame, one, element == Element::kReal ? Type::kDouble : Type::kInt)) return false;
    const uint64_t bits =
        element == Element::kReal ? std::bit_cast<uint64_t>(one.real) : static_cast<uint64_t>(one.integer);
    char bytes[10];
    if (wire == WireType::kVarint) {
      out.append(bytes, static_cast<size_t>(otlp::write_varint(bytes, bits) - bytes));
    } else {
      std::memcpy(bytes, &bits, 8);
      out.append(bytes, 8);
    }
  }
  return true;
}
void write_numbers(Frame& frame, MessageEdit& edit, uint32_t field, std::string_view payload) {
  if (payload.empty()) return edit.clear(field);
  edit.put_bytes(field, frame.arena().copy(payload));
}

template <uint32_t F, Element E>
Value get_histogram_list(Frame& frame) {
  if (metric_type(frame) != MetricType::kHistogram) return {};
  return read_numbers(frame, point(frame), F, WireType::kFixed64, E);
}
template <uint32_t F, Element E>
void set_histogram_list(Frame& frame, const Value& value) {
  std::string payload;
  if (metric_type(frame) != MetricType::kHistogram) return frame.fail("the data point is no histogram");
  if (packed(frame, value, WireType::kFixed64, E, payload)) write_numbers(frame, point(frame), F, payload);
}

// --- exponential histograms

bool is_exponential(Frame& frame) { return metric_type(frame) == MetricType::kExponentialHistogram; }
bool expect_exponential(Frame& frame) {
  if (!is_exponential(frame)) frame.fail("the data point is no exponential histogram");
  return is_exponential(frame);
}

// sint32, as the wire has it.
int64_t unfolded(uint64_t bits) { return static_cast<int64_t>(bits >> 1) ^ -static_cast<int64_t>(bits & 1); }
uint64_t folded(int64_t value) {
  const auto narrow = static_cast<int32_t>(value);
  return static_cast<uint32_t>(narrow) << 1 ^ static_cast<uint32_t>(narrow >> 31);
}

Value get_scale(Frame& frame) {
  if (!is_exponential(frame)) return {};
  return Value::of_int(unfolded(point(frame).number(field::exponential_point::kScale).value_or(0)));
}
void set_scale(Frame& frame, const Value& value) {
  if (!expect_type(frame, value, Type::kInt) || !expect_exponential(frame)) return;
  point(frame).set_number(field::exponential_point::kScale, WireType::kVarint, folded(value.integer));
}
Value get_zero_count(Frame& frame) {
  if (!is_exponential(frame)) return {};
  return Value::of_int(static_cast<int64_t>(point(frame).number(field::exponential_point::kZeroCount).value_or(0)));
}
void set_zero_count(Frame& frame, const Value& value) {
  if (!expect_type(frame, value, Type::kInt) || !expect_exponential(frame)) return;
  point(frame).set_number(field::exponential_point::kZeroCount, WireType::kFixed64,
                          static_cast<uint64_t>(value.integer));
}

MessageEdit buckets(Frame& frame, uint32_t side) {
  MessageEdit edit;
  edit.start(point(frame).nested(side, frame.arena()), 0);
  return edit;
}
void write_buckets(Frame& frame, uint32_t side, const MessageEdit& edit) {
  if (!edit.changed()) return;
  otlp::MessageWriter out;
  edit.write(out);
  point(frame).put_bytes(side, frame.arena().copy(out.take()));
}
template <uint32_t Side>
Value get_offset(Frame& frame) {
  if (!is_exponential(frame)) return {};
  return Value::of_int(unfolded(buckets(frame, Side).number(field::exponential_buckets::kOffset).value_or(0)));
}
template <uint32_t Side>
void set_offset(Frame& frame, const Value& value) {
  if (!expect_type(frame, value, Type::kInt) || !expect_exponential(frame)) return;
  MessageEdit edit = buckets(frame, Side);
  edit.set_number(field::exponential_buckets::kOffset, WireType::kVarint, folded(value.integer));
  write_buckets(frame, Side, edit);
}
template <uint32_t Side>
Value get_bucket_counts(Frame& frame) {
  if (!is_exponential(frame)) return {};
  return read_numbers(frame, buckets(frame, Side), field::exponential_buckets::kBucketCounts, WireType::kVarint,
                      Element::kCount);
}
template <uint32_t Side>
void set_bucket_counts(Frame& frame, const Value& value) {
  std::string payload;
  if (!expect_exponential(frame) || !packed(frame, value, WireType::kVarint, Element::kCount, payload)) return;
  MessageEdit edit = buckets(frame, Side);
  write_numbers(frame, edit, field::exponential_buckets::kBucketCounts, payload);
  write_buckets(frame, Side, edit);
}

// --- of messages only their number is known

Value get_exemplars(Frame& frame) {
  const MetricType type = metric_type(frame);
  uint32_t number = field::number_point::kExemplars;
  if (type == MetricType::kHistogram) number = field::histogram_point::kExemplars;
  if (type == MetricType::kExponentialHistogram) number = field::exponential_point::kExemplars;
  if (type == MetricType::kSummary) return {};
  return Value::of_int(static_cast<int64_t>(point(frame).count(number)), Type::kMessages);
}
Value get_quantile_values(Frame& frame) {
  if (metric_type(frame) != MetricType::kSummary) return {};
  return Value::of_int(static_cast<int64_t>(point(frame).count(field::summary_point::kQuantileValues)),
                       Type::kMessages);
}

constexpr auto kFixed = WireType::kFixed64;
constexpr uint32_t kPositive = field::exponential_point::kPositive, kNegative = field::exponential_point::kNegative;
constexpr FieldPath kPointFields[] = {
    {"start_time_unix_nano", get_point<&PointNumbers::start>, set_point<&PointNumbers::start, kFixed>},
    {"time_unix_nano", get_point<&PointNumbers::time>, set_point<&PointNumbers::time, kFixed>},
    {"start_time", get_point<&PointNumbers::start, Type::kTime>, set_point<&PointNumbers::start, kFixed, Type::kTime>},
    {"time", get_point<&PointNumbers::time, Type::kTime>, set_point<&PointNumbers::time, kFixed, Type::kTime>},
    {"value_double", get_value_double, set_value_double},
    {"value_int", get_value_int, set_value_int},
    {"flags", get_point<&PointNumbers::flags>, set_flags},
    {"count", get_point<&PointNumbers::count>, set_point<&PointNumbers::count, kFixed>},
    {"sum", get_sum, set_sum},
    {"bucket_counts", get_histogram_list<field::histogram_point::kBucketCounts, Element::kCount>,
     set_histogram_list<field::histogram_point::kBucketCounts, Element::kCount>},
    {"explicit_bounds", get_histogram_list<field::histogram_point::kExplicitBounds, Element::kReal>,
     set_histogram_list<field::histogram_point::kExplicitBounds, Element::kReal>},
    {"scale", get_scale, set_scale},
    {"zero_count", get_zero_count, set_zero_count},
    {"positive.offset", get_offset<kPositive>, set_offset<kPositive>},
    {"positive.bucket_counts", get_bucket_counts<kPositive>, set_bucket_counts<kPositive>},
    {"negative.offset", get_offset<kNegative>, set_offset<kNegative>},
    {"negative.bucket_counts", get_bucket_counts<kNegative>, set_bucket_counts<kNegative>},
    {"exemplars", get_exemplars, nullptr},
    {"quantile_values", get_quantile_values, nullptr},
};

}  // namespace

std::span<const FieldPath> metric_fields() { return kMetricFields; }
std::span<const FieldPath> point_fields() { return kPointFields; }

}  // namespace weir::ottl
