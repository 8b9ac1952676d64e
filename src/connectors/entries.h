// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "otlp/attributes.h"
#include "otlp/fields.h"
#include "otlp/wire.h"
#include "weir/batch.h"

namespace weir {

// The key of a KeyValue message. Quick for the form that senders write: key, then value, nothing else.
inline std::string_view key_of(std::string_view entry) {
  constexpr char kKeyTag = 0x0a, kValueTag = 0x12;
  const auto at = [&](size_t i) { return static_cast<unsigned char>(entry[i]); };
  if (entry.size() < 4 || entry[0] != kKeyTag || at(1) > 0x7f) return otlp::attribute_key(entry);
  const size_t value = 2 + size_t{at(1)};
  const bool plain = value + 2 <= entry.size() && entry[value] == kValueTag && at(value + 1) <= 0x7f &&
                     value + 2 + at(value + 1) == entry.size();
  return plain ? entry.substr(2, at(1)) : otlp::attribute_key(entry);
}

// Puts the KeyValue of each name in the repeated field `field` of `message` into `out` (one per name); what is there
// already stays, so the first of a key counts. Stops when all are found.
inline void find_entries(std::string_view message, uint32_t field, const std::vector<std::string>& names,
                         std::vector<std::string_view>& out) {
  size_t missing = names.size();
  otlp::FieldCursor cursor(message);
  while (missing > 0 && cursor.next()) {
    if (!cursor.is(field, otlp::WireType::kBytes)) continue;
    const std::string_view key = key_of(cursor.bytes());
    for (size_t i = 0; i < names.size(); ++i) {
      if (out[i].data() != nullptr || names[i] != key) continue;
      out[i] = cursor.bytes();
      --missing;
    }
  }
}

// f(KeyValue message) for each attribute of a resource.
template <class F>
void for_each_resource_entry(const Batch& batch, uint32_t resource, F&& f) {
  const ResourceEntry& entry = batch.resources[resource];
  otlp::detail::for_each_header_payload(
      batch, entry, otlp::field::resource_group::kResource, [&](std::string_view message) {
        otlp::detail::for_each_payload(message, otlp::field::resource::kAttributes, f);
      });
}

}  // namespace weir
