// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <bit>

#include "ottl/value.h"

namespace weir::ottl {

namespace {

template <class T>
bool in_order(const T& a, const T& b, Comparison how) {
  switch (how) {
    case Comparison::kEqual:
      return a == b;
    case Comparison::kNotEqual:
      return a != b;
    case Comparison::kLess:
      return a < b;
    case Comparison::kLessEqual:
      return a <= b;
    case Comparison::kGreater:
      return a > b;
    case Comparison::kGreaterEqual:
      return a >= b;
  }
  return false;
}

bool unordered(bool equal, Comparison how) {
  return how == Comparison::kEqual ? equal : how == Comparison::kNotEqual && !equal;
}

bool is_number(const Value& value) { return value.type == Type::kInt || value.type == Type::kDouble; }
double as_double(const Value& value) {
  return value.type == Type::kInt ? static_cast<double>(value.integer) : value.real;
}

bool equal_maps(const Map& a, const Map& b) {
  if (a.size != b.size) return false;
  Arena arena;
  return std::all_of(a.begin(), a.end(), [&](const Entry& entry) {
    const Entry* other = b.find(entry.key);
    return other != nullptr && compare(value_of(entry, arena), value_of(*other, arena), Comparison::kEqual);
  });
}

bool equal_lists(const List& a, const List& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const Value& x, const Value& y) {
    return x.type == y.type && compare(x, y, Comparison::kEqual);
  });
}

bool same_maps(const Map& a, const Map& b) {
  Arena arena;
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [&arena](const Entry& x, const Entry& y) {
    if (x.key != y.key) return false;
    if (!x.raw.empty() && x.raw == y.raw) return true;
    return same(value_of(x, arena), value_of(y, arena));
  });
}

bool compare_same_type(const Value& a, const Value& b, Comparison how) {
  switch (a.type) {
    case Type::kNil:
      return how == Comparison::kEqual || how == Comparison::kLessEqual || how == Comparison::kGreaterEqual;
    case Type::kBool:
      return in_order(a.boolean, b.boolean, how);
    case Type::kString:
    case Type::kBytes:
      return in_order(a.text(), b.text(), how);
    case Type::kInt:
    case Type::kTime:
    case Type::kDuration:
      return in_order(a.integer, b.integer, how);
    case Type::kDouble:
      return in_order(a.real, b.real, how);
    case Type::kTraceId:
    case Type::kSpanId:
      return unordered(a.id[0] == b.id[0] && a.id[1] == b.id[1], how);
    case Type::kMap:
      return unordered(equal_maps(a.map, b.map), how);
    case Type::kList:
      return unordered(equal_lists(a.list, b.list), how);
    case Type::kMessages:
      return unordered(false, how);
  }
  return false;
}

}  // namespace

bool compare(const Value& a, const Value& b, Comparison how) {
  if (a.type == b.type) return compare_same_type(a, b, how);
  if (is_number(a) && is_number(b)) return in_order(as_double(a), as_double(b), how);
  return how == Comparison::kNotEqual;
}

bool same(const Value& a, const Value& b) {
  if (a.type != b.type) return false;
  switch (a.type) {
    case Type::kDouble:
      return std::bit_cast<uint64_t>(a.real) == std::bit_cast<uint64_t>(b.real);
    case Type::kMap:
      return same_maps(a.map, b.map);
    case Type::kList:
      return std::equal(a.list.begin(), a.list.end(), b.list.begin(), b.list.end(), same);
    default:
      return compare_same_type(a, b, Comparison::kEqual);
  }
}

}  // namespace weir::ottl
