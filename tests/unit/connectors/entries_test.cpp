// SPDX-License-Identifier: Apache-2.0
#include "connectors/entries.h"

#include "support/catch.h"

namespace weir {
namespace {

using namespace std::string_literals;
using namespace std::string_view_literals;

TEST_CASE("the quick way to a key gives what the careful one gives") {
  const std::string long_key = "\x0a\xc8\x01"s + std::string(200, 'k') + "\x12\x03\x0a\x01v";
  for (std::string_view entry :
       {"\x0a\x01k\x12\x03\x0a\x01v"sv, "\x0a\x01k\x12\x00"sv, "\x0a\x01k"sv, ""sv, "\x0a\x00\x12\x00"sv,
        "\x12\x03\x0a\x01v\x0a\x01k"sv,           // value first
        "\x0a\x01k\x12\x03\x0a\x01v\x0a\x01q"sv,  // the key again: the last counts
        std::string_view(long_key)}) {
    CHECK(key_of(entry) == otlp::attribute_key(entry));
  }
}

TEST_CASE("the first of a key counts, and entries that are there stay") {
  // Two attributes in field 9 (tag 0x4a): k=1, k=2.
  const std::string_view message = "\x4a\x07\x0a\x01k\x12\x02\x18\x01\x4a\x07\x0a\x01k\x12\x02\x18\x02"sv;
  std::vector<std::string_view> out(2);
  find_entries(message, 9, {"k", "absent"}, out);
  CHECK(out[0] == message.substr(2, 7));
  CHECK(out[1].data() == nullptr);
}

}  // namespace
}  // namespace weir
