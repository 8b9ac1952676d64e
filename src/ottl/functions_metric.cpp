// SPDX-License-Identifier: Apache-2.0
#include <bit>
#include <cstring>

#include "otlp/fields.h"
#include "ottl/functions.h"
#include "ottl/metric_edit.h"

// What only metrics have.
namespace weir::ottl {

namespace {

namespace field = otlp::field;
using otlp::MetricType;
using otlp::WireType;

// The attribute of the first data point that has one of that key; nil where none has.
Value point_attribute(Call& call, std::string_view key) {
  const MetricType type = metric_type(call.frame());
  Value found;
  for_each_metric_point(call.frame(), [&](std::string_view point) {
    const Map attributes = read_map(point, otlp::attributes_field(type), call.arena());
    const Entry* entry = attributes.find(key);
    if (entry == nullptr) return true;
    found = value_of(*entry, call.arena());
    if (found.is_nil()) found = Value::of_bool(false);  // there, but empty
    return false;
  });
  return found;
}
bool has_data(Call& call) {
  if (metric_type(call.frame()) != MetricType::kNone) return true;
  call.fail("the metric has no data");
  return false;
}
Value has_attribute(Call& call) {
  if (!has_data(call)) return {};
  const Value value = point_attribute(call, call.text(0));
  const std::string_view text = value.is_string() ? value.text() : std::string_view();
  return Value::of_bool(!value.is_nil() && text == call.text(1));
}
Value has_attribute_key(Call& call) {
  return has_data(call) ? Value::of_bool(!point_attribute(call, call.text(0)).is_nil()) : Value();
}

// The data of one type becomes that of another: both begin with the points.
void convert(Call& call, MetricType from, MetricType to, std::string_view more) {
  otlp::MessageWriter out;
  for_each_metric_point(call.frame(), [&out](std::string_view point) {
    out.bytes(field::metric_data::kDataPoints, point);
    return true;
  });
  out.raw(more);
  call.frame().message().clear(otlp::data_field(from));
  put_metric_data(call.frame(), to, call.arena().copy(out.take()));
}

Value sum_to_gauge(Call& call) {
  if (metric_type(call.frame()) == MetricType::kSum) convert(call, MetricType::kSum, MetricType::kGauge, "");
  return {};
}
Value gauge_to_sum(Call& call) {
  if (metric_type(call.frame()) != MetricType::kGauge) return {};
  otlp::MessageWriter more;
  more.varint(field::metric_data::kAggregationTemporality, call.text(0) == "delta" ? 1 : 2);
  if (call[1].boolean) more.varint(field::metric_data::kIsMonotonic, 1);
  convert(call, MetricType::kGauge, MetricType::kSum, more.take());
  return {};
}
std::string check_temporality(const Site& site) {
  const std::string_view word = site.literal(0)->text();
  if (word == "delta" || word == "cumulative") return "";
  return "the temporality is \"delta\" or \"cumulative\", not \"" + std::string(word) + "\"";
}

// Multiplies the numbers of data points.
class Scaler {
 public:
  Scaler(double factor, Arena& arena) : factor_(factor), arena_(arena) {}

  std::string_view point(MetricType type, std::string_view message) const {
    MessageEdit edit;
    edit.start(message, 0);
    if (type == MetricType::kGauge || type == MetricType::kSum) {
      real(edit, field::number_point::kAsDouble);
      integer(edit, field::number_point::kAsInt);
    } else if (type == MetricType::kHistogram) {
      for (uint32_t number : {field::histogram_point::kSum, field::histogram_point::kMin, field::histogram_point::kMax})
        real(edit, number);
      bounds(edit);
      each(edit, field::histogram_point::kExemplars, [this](MessageEdit& exemplar) {
        real(exemplar, field::exemplar::kAsDouble);
        integer(exemplar, field::exemplar::kAsInt);
      });
    } else {
      real(edit, field::summary_point::kSum);
      each(edit, field::summary_point::kQuantileValues,
           [this](MessageEdit& one) { real(one, field::quantile::kValue); });
    }
    return written(edit);
  }

 private:
  void real(MessageEdit& edit, uint32_t number) const {
    const auto bits = edit.number(number);
    if (!bits) return;
    edit.put_number(number, WireType::kFixed64, std::bit_cast<uint64_t>(std::bit_cast<double>(*bits) * factor_));
  }
  void integer(MessageEdit& edit, uint32_t number) const {
    const auto bits = edit.number(number);
    if (!bits) return;
    const double scaled = static_cast<double>(static_cast<int64_t>(*bits)) * factor_;
    const bool fits = scaled >= -9223372036854775808.0 && scaled < 9223372036854775808.0;
    edit.put_number(number, WireType::kFixed64, static_cast<uint64_t>(fits ? static_cast<int64_t>(scaled) : INT64_MIN));
  }
  void bounds(MessageEdit& edit) const {
    std::string packed;
    otlp::FieldCursor cursor(edit.original());
    while (cursor.next()) {
      if (cursor.number() != field::histogram_point::kExplicitBounds) continue;
      otlp::for_each_number(cursor, WireType::kFixed64, [&](uint64_t bits) {
        const double bound = std::bit_cast<double>(bits) * factor_;
        packed.append(reinterpret_cast<const char*>(&bound), sizeof bound);
      });
    }
    if (!packed.empty()) edit.put_bytes(field::histogram_point::kExplicitBounds, arena_.copy(packed));
  }
  template <class F>
  void each(MessageEdit& edit, uint32_t number, F&& change) const {
    std::vector<std::string_view> all;
    otlp::detail::for_each_payload(edit.original(), number, [&](std::string_view message) {
      MessageEdit one;
      one.start(message, 0);
      change(one);
      all.push_back(written(one));
      return true;
    });
    if (all.empty()) return;
    auto* list = arena_.array<std::string_view>(all.size());
    std::copy(all.begin(), all.end(), list);
    edit.replace_all(number, {list, all.size()});
  }
  std::string_view written(const MessageEdit& edit) const {
    otlp::MessageWriter out;
    edit.write(out);
    return arena_.copy(out.take());
  }

  double factor_;
  Arena& arena_;
};

Value scale_metric(Call& call) {
  const MetricType type = metric_type(call.frame());
  if (!has_data(call)) return {};
  if (type == MetricType::kExponentialHistogram) return call.fail("exponential histograms cannot be scaled");
  if (call.has(1) && !call[1].is_string()) return call.fail("the unit is a ", name_of(call[1].type), ", not a string");
  const Scaler scaler(call[0].real, call.arena());
  std::vector<std::string_view> points;
  for_each_metric_point(call.frame(), [&](std::string_view point) {
    points.push_back(scaler.point(type, point));
    return true;
  });
  MessageEdit data;
  data.start(metric_data(call.frame()), 0);
  data.replace_all(field::metric_data::kDataPoints, points);
  otlp::MessageWriter out;
  data.write(out);
  put_metric_data(call.frame(), type, call.arena().copy(out.take()));
  if (call.has(1)) call.frame().message().set_bytes(field::metric::kUnit, call.arena().copy(call.text(1)));
  return {};
}

}  // namespace

std::span<const Function> metric_functions() {
  static const std::vector<Function> table{
      {"HasAttrOnDatapoint", {{"key", Take::kPlainString}, {"expected_val", Take::kPlainString}}, has_attribute, false},
      {"HasAttrKeyOnDatapoint", {{"key", Take::kPlainString}}, has_attribute_key, false},
      {"convert_sum_to_gauge", {}, sum_to_gauge, false},
      {"convert_gauge_to_sum",
       {{"string_agg_temp", Take::kPlainString}, {"monotonic", Take::kPlainBool}},
       gauge_to_sum,
       false,
       check_temporality},
      {"scale_metric", {{"multiplier", Take::kPlainDouble}, {"unit", Take::kAny, true}}, scale_metric, false},
  };
  return table;
}

}  // namespace weir::ottl
